package io.vaultlayer.cli.demo;

import io.vaultlayer.wire.StatusDocument.Attempt;
import java.util.List;

/**
 * What the demo shows.
 *
 * @param jobs the ids of both
 * @param digests SHA-256 in hex of both runs' final weights
 * @param attempts of the interrupted run
 */
public record DemoReport(Pair jobs, Pair digests, boolean equal, List<Attempt> attempts) {
  /** The same of both runs. */
  public record Pair(String uninterrupted, String interrupted) {}

  /** True when the interrupted run really was interrupted, and really resumed. */
  public boolean survived() {
    boolean lost = attempts.stream().anyMatch(a -> "lost".equals(a.outcome()));
    boolean resumed = attempts.stream().anyMatch(a -> a.resumedFrom() != null);
    return attempts.size() >= 2 && lost && resumed;
  }
}
