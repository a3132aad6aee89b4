package io.vaultlayer.agent.s3;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The answer to one request as HTTP/1.1 has it on the wire: head, then body by length or chunks.
 */
final class Answer {
  private static final int MOST_HEAD_BYTES = 64 << 10;
  private static final int MOST_INTERIM = 8;

  /** The body ends with the connection. */
  private static final long TO_THE_END = Long.MAX_VALUE;

  private final Wire wire;
  private final ByteBuffer buffer;
  private final Map<String, String> headers = new HashMap<>();
  private int headBytes;
  private int status;
  private boolean chunked;
  private boolean closes;

  /** Bytes of the body, or of its current chunk, that are still to come. */
  private long left;

  private boolean ended;
  private boolean heard;

  Answer(Wire wire) {
    this.wire = wire;
    this.buffer = wire.input();
  }

  /** Reads the head of the final answer. */
  void readHead(boolean bodiless) throws IOException {
    for (int interim = 0; interim <= MOST_INTERIM; interim++) {
      headers.clear();
      String[] words = line().split(" ", 3);
      if (words.length < 2 || !words[0].startsWith("HTTP/1.")) {
        throw new IOException("the answer is not HTTP");
      }
      status = (int) number(words[1], 10);
      closes = words[0].equals("HTTP/1.0");
      for (String line = line(); !line.isEmpty(); line = line()) {
        int colon = line.indexOf(':');
        if (colon > 0) {
          String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
          headers.put(name, line.substring(colon + 1).strip());
        }
      }
      if (status / 100 != 1) {
        frame(bodiless);
        return;
      }
    }
    throw new IOException("the answer does not come to its point");
  }

  private void frame(boolean bodiless) throws IOException {
    closes |= header("connection").map(c -> c.toLowerCase(Locale.ROOT)).orElse("").equals("close");
    String length = headers.get("content-length");
    chunked = header("transfer-encoding").orElse("").toLowerCase(Locale.ROOT).endsWith("chunked");
    if (bodiless || status == 204 || status == 304) {
      ended = true;
    } else if (chunked) {
      left = 0;
    } else if (length != null) {
      left = number(length, 10);
      ended = left == 0;
    } else {
      left = TO_THE_END;
      closes = true;
    }
  }

  int status() {
    return status;
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  /** True once a byte of it has come: the request was received by somebody. */
  boolean isHeard() {
    return heard;
  }

  /** True when all of it was read and another request may follow on the same wire. */
  boolean leavesWireUsable() {
    return ended && !closes && !buffer.hasRemaining();
  }

  /**
   * Reads some of the body.
   *
   * @return -1 at its end
   * @throws IOException also when it breaks off
   */
  int read(ByteBuffer into) throws IOException {
    if (ended) {
      return -1;
    }
    if (chunked && left == 0 && !nextChunk()) {
      return -1;
    }
    int most = (int) Math.min(left, into.remaining());
    ByteBuffer window = into.slice(into.position(), most);
    int got;
    if (buffer.hasRemaining()) {
      got = Math.min(most, buffer.remaining());
      window.put(buffer.slice(buffer.position(), got));
      buffer.position(buffer.position() + got);
    } else {
      got = wire.read(window);
    }
    if (got < 0) {
      ended = true;
      if (left != TO_THE_END) {
        throw new IOException("the answer broke off");
      }
      return -1;
    }
    into.position(into.position() + got);
    if (left != TO_THE_END) {
      left -= got;
      if (left == 0 && chunked) {
        line();
      } else {
        ended = left == 0;
      }
    }
    return got;
  }

  private boolean nextChunk() throws IOException {
    headBytes = 0;
    String size = line();
    int semicolon = size.indexOf(';');
    left = number((semicolon < 0 ? size : size.substring(0, semicolon)).strip(), 16);
    if (left > 0) {
      return true;
    }
    while (!line().isEmpty()) {
      // Trailers say nothing that is wanted here.
    }
    ended = true;
    return false;
  }

  private static long number(String text, int radix) throws IOException {
    try {
      long value = Long.parseLong(text, radix);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new IOException("the answer is not HTTP: a number is none");
  }

  private String line() throws IOException {
    var text = new StringBuilder(80);
    while (true) {
      if (!buffer.hasRemaining()) {
        buffer.clear();
        int got = wire.read(buffer);
        buffer.flip();
        if (got < 0) {
          throw new IOException("the connection ended before the answer");
        }
        heard = true;
      }
      char c = (char) (buffer.get() & 0xff);
      if (++headBytes > MOST_HEAD_BYTES) {
        throw new IOException("the answer's head has no end");
      }
      if (c == '\n') {
        return text.toString();
      }
      if (c != '\r') {
        text.append(c);
      }
    }
  }
}
