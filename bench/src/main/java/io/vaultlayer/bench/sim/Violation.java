package io.vaultlayer.bench.sim;

/**
 * A broken rule.
 *
 * @param invariant {@code INV-1} to {@code INV-13}, or one of the simulation's own: {@code
 *     LIVENESS}, {@code FALSE-FENCE}, {@code TWIN} (another result than uninterrupted), {@code END}
 *     (a reason for an end that does not hold), {@code ANSWER} (an answer that was not so), {@code
 *     BROKEN} (a handler failed in a way that it must not)
 */
public record Violation(String invariant, String detail, long atMillis) {}
