package io.vaultlayer.agent.hook;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Reads {@code events.jsonl} as it grows. Lines that are no events are passed over. */
final class HookEvents {
  /** At one look; the hook writes some 200 bytes for each save, and stops at 4 MiB in all. */
  private static final int MOST_BYTES = 256 << 10;

  private static final long MOST_IN_ALL = 8L << 20;

  private final Path file;
  private long read;

  HookEvents(Path file) {
    this.file = file;
  }

  /** What is new, oldest first; empty also where the file cannot be read now. */
  List<HookEvent> next() {
    var found = new ArrayList<HookEvent>();
    try {
      if (!Files.exists(file) || read >= MOST_IN_ALL) {
        return found;
      }
      ByteBuffer buffer = ByteBuffer.allocate(MOST_BYTES);
      try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
        while (buffer.hasRemaining() && channel.read(buffer, read + buffer.position()) >= 0) {}
      }
      read += lines(buffer.array(), buffer.position(), found);
    } catch (IOException e) {
      // The next look may do better.
      return found;
    }
    return found;
  }

  /** Whole lines only. @return how many bytes are done with */
  private static int lines(byte[] bytes, int length, List<HookEvent> into) {
    int begin = 0;
    for (int at = 0; at < length; at++) {
      if (bytes[at] == '\n') {
        parse(new String(bytes, begin, at - begin, StandardCharsets.UTF_8), into);
        begin = at + 1;
      }
    }
    // A line that fills the buffer has no end that is worth waiting for.
    return begin == 0 && length == MOST_BYTES ? length : begin;
  }

  private static void parse(String line, List<HookEvent> into) {
    try {
      JsonNode event = Json.tree(line);
      if (event.path("event").isTextual()) {
        into.add(new HookEvent(event.path("event").asText(), event));
      }
    } catch (Json.MalformedJson e) {
      // Torn by the death of its writer, or another program's.
      return;
    }
  }
}
