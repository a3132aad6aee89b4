package io.vaultlayer.bench.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * One seed in ten has, beside its drawn faults, a trouble that chance would hardly put together:
 * some moves of a job are only made in such a world.
 */
enum Theme {
  /** No provider has anything for longer than the jobs may wait. */
  NO_PLACE,
  /** What is rented never boots. */
  NOTHING_BOOTS,
  /** Instances are lost again and again before anything is saved. */
  NOTHING_SAVED,
  /** Hosts are reclaimed while providers refuse, and every handler has its double. */
  RACED_DRAINS,
  /** Damage after damage, each told twice. */
  ROT,
  /** Creates take effect without an answer, and lists show it late. */
  CREATED_UNSEEN,
  /** Hosts fall silent while their provider says what is not so. */
  SILENT_AND_LIED_ABOUT;

  private static final long MINUTE = 60_000;
  private static final int ONE_IN = 10;

  static Optional<Theme> of(long seed) {
    var random = Chance.of(seed, "theme", 0);
    return random.nextInt(ONE_IN) == 0
        ? Optional.of(values()[random.nextInt(values().length)])
        : Optional.empty();
  }

  JobPlan job(JobPlan job) {
    long steps = 45 * MINUTE / job.stepMillis();
    return switch (this) {
      case NO_PLACE -> like(job, job.steps(), job.every(), Optional.of(5 + job.index()));
      case NOTHING_BOOTS -> like(job, job.steps(), job.every(), Optional.empty());
      case NOTHING_SAVED -> like(job, (int) steps, 0, Optional.empty());
      case RACED_DRAINS, ROT, CREATED_UNSEEN, SILENT_AND_LIED_ABOUT ->
          like(job, (int) steps, (int) Math.max(1, steps / 30), Optional.empty());
    };
  }

  /** The same job early, and free of what could end it before the trouble does. */
  private static JobPlan like(JobPlan job, int steps, int every, Optional<Integer> maxWait) {
    return new JobPlan(
        job.index(),
        1_000 + job.submitAtMillis() % (2 * MINUTE),
        steps,
        job.stepMillis(),
        every,
        job.files(),
        0,
        job.pricing(),
        Optional.empty(),
        Optional.empty(),
        true,
        0,
        maxWait,
        job.keyed(),
        JobPlan.Habit.NONE);
  }

  List<Fault> faults(long seed, int first) {
    var made = new Draft(first, Chance.of(seed, "theme faults", 0));
    switch (this) {
      case NO_PLACE -> made.everywhere(FaultKind.NO_CAPACITY, MINUTE / 2, 45 * MINUTE, 1);
      case NOTHING_BOOTS -> {
        made.everywhere(FaultKind.NEVER_BOOTS, 0, 95 * MINUTE, 1);
        made.rounds(FaultKind.INSTANCE_VANISHES, 2, 50, 2);
      }
      case NOTHING_SAVED -> {
        made.rounds(FaultKind.INSTANCE_VANISHES, 5, 50, 3);
        made.rounds(FaultKind.USER_KILLS_INSTANCE, 6, 50, 4);
      }
      case RACED_DRAINS -> {
        made.add(FaultKind.HANDLERS_SLOW, 3 * MINUTE, 50 * MINUTE, 1);
        made.add(FaultKind.EVENT_DUPLICATED, 3 * MINUTE, 50 * MINUTE, 0.9);
        made.add(FaultKind.MESSAGE_DUPLICATED, 3 * MINUTE, 50 * MINUTE, 0.9);
        for (long at = 4 * MINUTE; at < 45 * MINUTE; at += 6 * MINUTE) {
          made.add(FaultKind.RECLAIM_NOTICE, at, at + 2 * MINUTE, 1);
          made.add(FaultKind.RECLAIM_NOTICE, at, at + MINUTE, 1);
          made.everywhere(FaultKind.CREATE_REFUSED, at, at + MINUTE, 0.8);
          made.everywhere(FaultKind.NO_CAPACITY, at, at + MINUTE, 0.3);
          made.everywhere(FaultKind.CREATE_LOST_NOT_MADE, at, at + MINUTE, 0.2);
        }
      }
      case ROT -> {
        made.add(FaultKind.HTTP_DUPLICATED, 3 * MINUTE, 50 * MINUTE, 1);
        made.add(FaultKind.HANDLERS_SLOW, 3 * MINUTE, 50 * MINUTE, 1);
        made.rounds(FaultKind.CHECKPOINT_DAMAGED, 5, 50, 3);
      }
      case CREATED_UNSEEN -> {
        made.add(FaultKind.HANDLERS_SLOW, 0, 50 * MINUTE, 1);
        made.everywhere(FaultKind.CREATE_LOST_MADE, 0, 50 * MINUTE, 0.9);
        made.everywhere(FaultKind.LATE_VISIBLE, 0, 50 * MINUTE, 0.9);
        made.rounds(FaultKind.INSTANCE_VANISHES, 4, 50, 2);
      }
      case SILENT_AND_LIED_ABOUT -> {
        made.everywhere(FaultKind.DESCRIBE_LIES, 3 * MINUTE, 50 * MINUTE, 0.8);
        made.everywhere(FaultKind.LIST_PARTIAL, 3 * MINUTE, 50 * MINUTE, 1);
        made.rounds(FaultKind.HOST_PARTITIONED, 4, 50, 3);
      }
    }
    return made.faults;
  }

  /** Faults with indexes that follow on those drawn before. */
  private static final class Draft {
    final List<Fault> faults = new ArrayList<>();
    private final int first;
    private final SplittableRandom random;

    Draft(int first, SplittableRandom random) {
      this.first = first;
      this.random = random;
    }

    void add(FaultKind kind, long from, long to, double strength) {
      add(kind, from, to, random.nextInt(1 << 16), strength);
    }

    private void add(FaultKind kind, long from, long to, int target, double strength) {
      faults.add(new Fault(first + faults.size(), kind, from, to, target, strength));
    }

    /** At every provider. */
    void everywhere(FaultKind kind, long from, long to, double strength) {
      for (int provider = 0; provider < 2; provider++) {
        add(kind, from, to, provider, strength);
      }
    }

    /** One after the other, three minutes long each. */
    void rounds(FaultKind kind, int fromMinute, int toMinute, int everyMinutes) {
      for (int minute = fromMinute; minute < toMinute; minute += everyMinutes) {
        add(kind, minute * MINUTE, (minute + 3) * MINUTE, 1);
      }
    }
  }
}
