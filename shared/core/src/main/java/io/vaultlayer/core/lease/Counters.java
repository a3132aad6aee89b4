package io.vaultlayer.core.lease;

/**
 * What limits the retries.
 *
 * @param attempts closed since submission or the last resume
 * @param noProgress attempts in a row that started the user's program and committed no new step
 * @param neverStarted attempts in a row that never started the user's program
 * @param waits looks for a place in a row that found none
 */
public record Counters(int attempts, int noProgress, int neverStarted, int waits) {
  public static final Counters ZERO = new Counters(0, 0, 0, 0);

  public Counters waited() {
    return new Counters(attempts, noProgress, neverStarted, waits + 1);
  }

  public Counters placed() {
    return new Counters(attempts, noProgress, neverStarted, 0);
  }
}
