package io.vaultlayer.cli.follow;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.Lists.LogPiece;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Reads a job's output from where it last stopped. A killed attempt's dying words may be stored
 * after its successor's first, so every attempt's place is remembered on its own.
 */
public final class LogTail {
  private static final int PAGE = 100;

  /** Pages read in one go; a follower comes back for the rest. */
  private static final int MOST_PAGES = 100_000;

  private final Jobs jobs;
  private final String id;
  private final Optional<Integer> only;
  private final TreeMap<Integer, Long> read = new TreeMap<>();

  /** Behind the last page that ended in this attempt. */
  private final Map<Integer, String> behind = new HashMap<>();

  private String after;
  private int skipped;

  public LogTail(Jobs jobs, String id, Optional<Integer> attempt) {
    this.jobs = jobs;
    this.id = id;
    this.only = attempt;
  }

  /** What the script wrote. */
  public static byte[] bytes(LogPiece piece) {
    if (piece.text() != null) {
      return piece.text().getBytes(StandardCharsets.UTF_8);
    }
    if (piece.base64() == null) {
      return new byte[0];
    }
    try {
      return Base64.getDecoder().decode(piece.base64());
    } catch (IllegalArgumentException e) {
      throw Failure.unreachable(
              "reading the logs of attempt "
                  + piece.attempt()
                  + ": piece "
                  + piece.sequence()
                  + " is no base64; is the control plane of this version?")
          .because(e);
    }
  }

  /** Attempts up to this one are not handed out. */
  public LogTail skipping(int attempt) {
    skipped = attempt;
    return this;
  }

  /** Everything stored and not read yet. Returns how many pieces there were. */
  public int readAll(Consumer<LogPiece> each) throws InterruptedException {
    int pieces = 0;
    for (int page = 0; page < MOST_PAGES; page++) {
      var found = page(only, after);
      pieces += hand(found, each);
      if (found.next() == null || found.next().equals(after)) {
        break;
      }
      after = found.next();
      if (found.logs().isEmpty()) {
        break;
      }
    }
    return pieces;
  }

  /** What came late for an attempt that others have followed since. */
  public int readLate(int attempt, Consumer<LogPiece> each) throws InterruptedException {
    int pieces = 0;
    String from = behind.get(attempt);
    for (int page = 0; page < MOST_PAGES; page++) {
      var found = page(Optional.of(attempt), from);
      pieces += hand(found, each);
      if (found.next() == null || found.next().equals(from) || found.logs().isEmpty()) {
        break;
      }
      from = found.next();
    }
    return pieces;
  }

  private int hand(Lists.Logs found, Consumer<LogPiece> each) {
    int pieces = 0;
    for (var piece : found.logs()) {
      if (piece.attempt() > skipped
          && piece.sequence() > read.getOrDefault(piece.attempt(), Long.MIN_VALUE)) {
        read.put(piece.attempt(), piece.sequence());
        each.accept(piece);
        pieces++;
      }
    }
    if (!found.logs().isEmpty() && found.next() != null) {
      behind.put(found.logs().getLast().attempt(), found.next());
    }
    return pieces;
  }

  private Lists.Logs page(Optional<Integer> attempt, String from) throws InterruptedException {
    return jobs.about(
        id,
        "/logs?limit="
            + PAGE
            + attempt.map(n -> "&attempt=" + n).orElse("")
            + (from == null ? "" : "&after=" + Plane.escaped(from)),
        Lists.Logs.class);
  }
}
