package io.vaultlayer.cli.rehearse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/** A file that grows, read line by line. */
final class Tail {
  /** Of a longer stretch only the end is read: it is the newest line that is wanted. */
  private static final int MOST_BYTES = 256 << 10;

  private final Path file;
  private long read;

  Tail(Path file) {
    this.file = file;
  }

  /** Hands out the whole lines that have come since. A file that is not there has none. */
  void lines(Consumer<String> each) {
    try {
      if (!Files.exists(file)) {
        return;
      }
      long size = Files.size(file);
      if (size <= read) {
        return;
      }
      read = Math.max(read, size - MOST_BYTES);
      var buffer = ByteBuffer.allocate((int) (size - read));
      try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
        while (buffer.hasRemaining() && channel.read(buffer, read + buffer.position()) >= 0) {
          // Until all of it is here.
        }
      }
      hand(buffer.array(), buffer.position(), each);
    } catch (IOException e) {
      return; // its machine is gone, and the file with it
    }
  }

  private void hand(byte[] bytes, int length, Consumer<String> each) {
    int begin = 0;
    for (int at = 0; at < length; at++) {
      if (bytes[at] == '\n' || bytes[at] == '\r') {
        if (at > begin) {
          each.accept(new String(bytes, begin, at - begin, StandardCharsets.UTF_8));
        }
        begin = at + 1;
      }
    }
    read += begin == 0 && length == MOST_BYTES ? length : begin;
  }
}
