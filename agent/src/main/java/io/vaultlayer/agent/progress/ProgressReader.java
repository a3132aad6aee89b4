package io.vaultlayer.agent.progress;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.core.progress.StepLine;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/**
 * Feeds a {@link Progress} when it is asked: first from the helper module's file, and as long as
 * that is not there from the script's output; a loss from there also where the file has none.
 * Reading costs little however much is printed: of a long stretch only its two ends are looked at.
 */
public final class ProgressReader {
  /** A stretch up to twice this is read whole. */
  private static final int END_BYTES = 128 << 10;

  private static final int MOST_PROGRESS_BYTES = 64 << 10;

  private final Path progressFile;
  private final Path output;
  private final Progress progress;
  private long read;
  private boolean begun;
  private boolean tellsLoss;

  /** The file as it was last: looked at twice, it has told one loss and not two. */
  private JsonNode newest;

  public ProgressReader(Path progressFile, Path output, Progress progress) {
    this.progressFile = progressFile;
    this.output = output;
    this.progress = progress;
  }

  public Progress progress() {
    return progress;
  }

  /** Looks at what is new. An unreadable file is one without news. */
  public synchronized void look() {
    try {
      if (Files.exists(progressFile)) {
        file();
        if (!tellsLoss && Files.exists(output)) {
          output();
        }
      } else if (Files.exists(output)) {
        output();
      }
    } catch (IOException | Json.MalformedJson e) {
      // The script may be writing it, or has removed it: the next look tells.
      return;
    }
  }

  private void file() throws IOException {
    byte[] bytes;
    try (var in = Files.newInputStream(progressFile)) {
      bytes = in.readNBytes(MOST_PROGRESS_BYTES);
    }
    JsonNode seen = Json.tree(new String(bytes, StandardCharsets.UTF_8));
    if (!begun && seen.path("first").isIntegralNumber() && seen.path("first").asLong() >= 0) {
      progress.step(seen.path("first").asLong());
    }
    begun = true;
    if (seen.equals(newest)) {
      return;
    }
    newest = seen;
    if (seen.path("step").isIntegralNumber() && seen.path("step").asLong() >= 0) {
      progress.step(seen.path("step").asLong());
    }
    JsonNode loss = seen.path("loss");
    tellsLoss |= !loss.isMissingNode() && !loss.isNull();
    if (loss.isNumber()) {
      progress.loss(loss.asDouble());
    } else if (loss.isTextual()) {
      StepLine.number(loss.asText()).ifPresent(progress::loss);
    }
  }

  private void output() throws IOException {
    try (var channel = FileChannel.open(output, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size - read > 2 * END_BYTES) {
        lines(channel, read, read + END_BYTES);
        long end = lines(channel, size - END_BYTES, size);
        read = Math.max(end, size - END_BYTES);
      } else if (size > read) {
        read = lines(channel, read, size);
      }
    }
  }

  /** Looks at whole lines and returns where the last of them ends. */
  private long lines(FileChannel channel, long from, long to) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate((int) (to - from));
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, from + buffer.position()) < 0) {
        break;
      }
    }
    byte[] bytes = buffer.array();
    int begin = 0;
    for (int at = 0; at < buffer.position(); at++) {
      if (bytes[at] == '\n' || bytes[at] == '\r') {
        line(bytes, begin, at);
        begin = at + 1;
      }
    }
    // A line without an end that has grown past any use is given up, or it would be read for ever.
    return buffer.position() - begin > StepLine.LONGEST ? from + buffer.position() : from + begin;
  }

  private void line(byte[] bytes, int begin, int end) {
    if (end - begin < 5 || end - begin > StepLine.LONGEST) {
      return;
    }
    String line = new String(bytes, begin, end - begin, StandardCharsets.ISO_8859_1);
    String plain = line.toLowerCase(Locale.ROOT);
    if (plain.contains("step") || plain.contains("iter") || plain.contains("loss")) {
      StepLine found = StepLine.parse(line);
      if (!begun) {
        found.step().ifPresent(progress::step);
      }
      found.loss().ifPresent(progress::loss);
    }
  }
}
