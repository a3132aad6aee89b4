package io.vaultlayer.bench.sim;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * What one seed means: at least three jobs, two providers, two hours and five faults.
 *
 * @param quietFromMillis from then on nothing new goes wrong
 * @param leastMillis how long is simulated at least
 */
public record Plan(
    long seed, List<JobPlan> jobs, List<Fault> faults, long quietFromMillis, long leastMillis) {
  private static final long MINUTE = 60_000;
  private static final long QUIET = 100 * MINUTE;
  private static final long LEAST = 120 * MINUTE;

  public Plan {
    jobs = List.copyOf(jobs);
    faults = List.copyOf(faults);
  }

  public static Plan draw(long seed) {
    var theme = Theme.of(seed);
    var jobs = jobs(seed);
    var faults = faults(seed);
    theme.ifPresent(t -> {
      jobs.replaceAll(t::job);
      faults.addAll(t.faults(seed, faults.size()));
    });
    return new Plan(seed, jobs, faults, QUIET, LEAST);
  }

  /** The same plan with those faults and jobs only; indexes, and so their streams, stay. */
  public Plan only(BitSet faultsKept, BitSet jobsKept) {
    return new Plan(
        seed,
        jobs.stream().filter(j -> jobsKept.get(j.index())).toList(),
        faults.stream().filter(f -> faultsKept.get(f.index())).toList(),
        quietFromMillis,
        leastMillis);
  }

  private static ArrayList<JobPlan> jobs(long seed) {
    var random = Chance.of(seed, "jobs", 0);
    int count = 3 + (random.nextInt(4) == 0 ? 1 : 0);
    var jobs = new ArrayList<JobPlan>();
    for (int i = 0; i < count; i++) {
      jobs.add(job(i, Chance.of(seed, "job", i)));
    }
    return jobs;
  }

  private static JobPlan job(int index, SplittableRandom random) {
    long submitAt = Chance.between(random, 1_000, 30 * MINUTE);
    int stepMillis = 200 << random.nextInt(5);
    long length = Chance.between(random, 2 * MINUTE, (random.nextInt(3) == 0 ? 30 : 12) * MINUTE);
    if (random.nextInt(25) == 0) {
      // Longer than what is reserved at first: its money is renewed.
      length = Chance.between(random, 62 * MINUTE, 75 * MINUTE);
    }
    boolean saver = random.nextInt(4) == 0;
    if (saver) {
      length = Math.min(length, 4 * MINUTE);
    }
    int steps = Math.max(10, (int) (length / stepMillis));
    int saves = 2 + random.nextInt(6);
    int every =
        saver
            ? Math.max(1, 4_000 / stepMillis)
            : random.nextInt(10) == 0 ? 0 : Math.max(1, steps / saves);
    int failsAt = random.nextInt(10) == 0 ? 1 + random.nextInt(steps) : 0;
    var pricing =
        switch (random.nextInt(4)) {
          case 0 -> Optional.of("spot");
          case 1 -> Optional.of("on-demand");
          default -> Optional.<String>empty();
        };
    Optional<Double> budget =
        random.nextInt(6) == 0
            ? Optional.of(Math.round((0.3 + 2 * random.nextDouble()) * 100) / 100.0)
            : Optional.empty();
    Optional<Integer> deadline =
        random.nextInt(8) == 0 ? Optional.of(3 + random.nextInt(60)) : Optional.empty();
    boolean failover = random.nextInt(10) != 0;
    int maxAttempts = random.nextInt(8) == 0 ? 1 + random.nextInt(3) : 0;
    return new JobPlan(
        index,
        submitAt,
        steps,
        stepMillis,
        every,
        1 + random.nextInt(3),
        failsAt,
        pricing,
        budget,
        deadline,
        failover,
        maxAttempts,
        Optional.empty(),
        random.nextBoolean(),
        habit(random));
  }

  private static JobPlan.Habit habit(SplittableRandom random) {
    return switch (random.nextInt(40)) {
      case 0, 1 -> JobPlan.Habit.DOES_NOT_RESUME;
      case 2 -> JobPlan.Habit.DIES_EARLY;
      case 3 -> JobPlan.Habit.NEVER_READY;
      default -> JobPlan.Habit.NONE;
    };
  }

  /**
   * Swarm testing: a seed draws from a random half of the menu, so that faults also come in packs.
   */
  private static ArrayList<Fault> faults(long seed) {
    var random = Chance.of(seed, "faults", 0);
    var menu = new ArrayList<FaultKind>();
    for (var kind : FaultKind.values()) {
      if (random.nextInt(3) != 0) {
        menu.add(kind);
      }
    }
    int count = 5 + random.nextInt(9);
    var faults = new ArrayList<Fault>();
    for (int i = 0; i < count; i++) {
      faults.add(fault(i, menu.get(random.nextInt(menu.size())), Chance.of(seed, "fault plan", i)));
    }
    for (var fault : List.copyOf(faults)) {
      // What comes back from being away meets hosts that cannot be heard yet.
      if (fault.kind() == FaultKind.PLANE_AWAY && random.nextBoolean()) {
        faults.add(
            new Fault(
                faults.size(),
                FaultKind.INGRESS_OUT,
                fault.toMillis() - 2_000,
                fault.toMillis() + 75_000,
                0,
                1));
      }
    }
    if (random.nextInt(3) != 0) {
      int index = faults.size();
      faults.add(fault(index, FaultKind.HANDLER_CRASHES_AT, Chance.of(seed, "fault plan", index)));
    }
    count = faults.size();
    if (random.nextInt(3) != 0) {
      // Races need slow handlers, so most seeds have some.
      faults.add(fault(count, FaultKind.HANDLERS_SLOW, Chance.of(seed, "fault plan", count)));
    }
    return faults;
  }

  private static Fault fault(int index, FaultKind kind, SplittableRandom random) {
    long from = Chance.between(random, MINUTE / 2, 55 * MINUTE);
    long lasts = Chance.between(random, kind.leastSeconds() * 1000L, kind.mostSeconds() * 1000L);
    double strength = 0.05 + 0.95 * random.nextDouble() * random.nextDouble();
    if (kind.isRare()) {
      strength = 0.4 + 0.6 * random.nextDouble();
      from = Chance.between(random, MINUTE / 2, 40 * MINUTE);
      lasts *= 2;
    }
    if (kind == FaultKind.HANDLER_CRASHES_AT) {
      from = Chance.between(random, MINUTE / 2, 20 * MINUTE);
    }
    return new Fault(
        index,
        kind,
        from,
        Math.min(from + lasts, QUIET - MINUTE),
        random.nextInt(1 << 16),
        strength);
  }
}
