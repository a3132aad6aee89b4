package io.vaultlayer.bench.sim;

import java.util.Optional;

/**
 * One job that a user will submit, and what its script does.
 *
 * @param steps of the whole training, {@code stepMillis} each
 * @param every steps between two saves; 0: the script never saves
 * @param files of one checkpoint
 * @param failsAt the step at which the script ends with a non-zero code; 0: it does not
 * @param keyed submitted with an idempotency key
 */
public record JobPlan(
    int index,
    long submitAtMillis,
    int steps,
    int stepMillis,
    int every,
    int files,
    int failsAt,
    Optional<String> pricing,
    Optional<Double> budgetUsd,
    Optional<Integer> deadlineMinutes,
    boolean failover,
    int maxAttempts,
    Optional<Integer> maxWaitMinutes,
    boolean keyed,
    Habit habit) {

  /** What else is odd about the script. */
  enum Habit {
    NONE,
    /** It starts at step 0 whatever was restored. */
    DOES_NOT_RESUME,
    /** It is killed soon after each start. */
    DIES_EARLY,
    /** Its machine cannot be made ready, ever. */
    NEVER_READY
  }

  /** True when nothing but our own faults can keep it from succeeding. */
  boolean shouldSucceed() {
    return failsAt == 0
        && every > 0
        && failover
        && maxAttempts == 0
        && budgetUsd.isEmpty()
        && deadlineMinutes.isEmpty()
        && maxWaitMinutes.isEmpty()
        && habit == Habit.NONE;
  }

  String describe() {
    var text = new StringBuilder();
    text.append(steps).append(" steps of ").append(stepMillis).append(" ms");
    text.append(every == 0 ? ", never saves" : ", saves every " + every);
    if (failsAt > 0) {
      text.append(", fails at ").append(failsAt);
    }
    pricing.ifPresent(p -> text.append(", ").append(p));
    budgetUsd.ifPresent(b -> text.append(", budget $").append(b));
    deadlineMinutes.ifPresent(d -> text.append(", deadline ").append(d).append(" min"));
    maxWaitMinutes.ifPresent(m -> text.append(", waits ").append(m).append(" min at most"));
    if (!failover) {
      text.append(", no failover");
    }
    if (maxAttempts > 0) {
      text.append(", at most ").append(maxAttempts).append(" attempts");
    }
    if (habit != Habit.NONE) {
      text.append(", ").append(habit.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '));
    }
    return text.toString();
  }
}
