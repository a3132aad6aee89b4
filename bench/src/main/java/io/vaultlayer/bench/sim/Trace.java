package io.vaultlayer.bench.sim;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;

/**
 * What happened, line by line: every line goes into a digest, by which two runs of one seed are
 * compared; the lines themselves are kept only for a script that people read.
 */
public final class Trace {
  private static final int MOST_LINES = 20_000;

  private final boolean keep;
  private final Engine engine;
  private final MessageDigest digest;
  private final Deque<String> lines = new ArrayDeque<>();

  Trace(Engine engine, boolean keep) {
    this.engine = engine;
    this.keep = keep;
    try {
      digest = MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has MD5", e);
    }
  }

  /** {@code about} is short, such as a job's number or a label. */
  void note(String what, String about) {
    note(what, about, "");
  }

  void note(String what, String about, String detail) {
    long now = engine.now();
    digest.update((byte) now);
    digest.update((byte) (now >>> 8));
    digest.update((byte) (now >>> 16));
    digest.update((byte) (now >>> 24));
    digest.update(what.getBytes(StandardCharsets.ISO_8859_1));
    digest.update(about.getBytes(StandardCharsets.ISO_8859_1));
    digest.update(detail.getBytes(StandardCharsets.UTF_8));
    if (keep) {
      lines.add(clock(now) + "  " + what + " " + about + (detail.isEmpty() ? "" : ": " + detail));
      if (lines.size() > MOST_LINES) {
        lines.removeFirst();
      }
    }
  }

  /** A line for people only; it is not part of the digest. */
  void say(String who, String line) {
    if (keep) {
      lines.add(clock(engine.now()) + "    " + who + " " + line);
      if (lines.size() > MOST_LINES) {
        lines.removeFirst();
      }
    }
  }

  /** {@code h:mm:ss.mmm} of virtual time. */
  static String clock(long millis) {
    return "%d:%02d:%02d.%03d"
        .formatted(millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000);
  }

  List<String> lines() {
    return List.copyOf(lines);
  }

  /** Hex digest over everything noted; ends the trace. */
  String end() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
