package io.vaultlayer.bench.sim;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** The windows of a plan's faults, and whether one acts on what passes a port now. */
final class Faults {
  /** One point in so many is aimed at; fewer, and hardly a handler gets to its end. */
  private static final int AIMS = 6;

  private static final int MOST_PASSES = 3;

  /** Made in so few worlds that every fault aims at them. */
  private static final List<String> SELDOM =
      List.of(" pause ", " provider.kill ", " provider.describe ", "provisioner bucket.read ");

  private final Engine engine;
  private final Trace trace;
  private final Coverage coverage;
  private final Map<FaultKind, List<Fault>> windows = new EnumMap<>(FaultKind.class);
  private final Map<Integer, SplittableRandom> streams = new HashMap<>();
  private final Map<String, Integer> passes = new HashMap<>();

  Faults(Plan plan, Engine engine, Trace trace, Coverage coverage) {
    this.engine = engine;
    this.trace = trace;
    this.coverage = coverage;
    for (var fault : plan.faults()) {
      streams.put(fault.index(), fault.chance(plan.seed()));
      windows.computeIfAbsent(fault.kind(), k -> new ArrayList<>()).add(fault);
    }
  }

  SplittableRandom stream(Fault fault) {
    return streams.get(fault.index());
  }

  /** True when such a fault acts on this call; its strength is the probability. */
  boolean strikes(FaultKind kind) {
    return find(kind, -1, 1).isPresent();
  }

  boolean strikes(FaultKind kind, int target, int targets) {
    return find(kind, target, targets).isPresent();
  }

  /** The fault that acts, for those who need its stream. {@code target} below 0: any. */
  Optional<Fault> find(FaultKind kind, int target, int targets) {
    var faults = windows.get(kind);
    if (faults == null) {
      return Optional.empty();
    }
    for (var fault : faults) {
      if (fault.covers(engine.now())
          && (target < 0 || fault.target() % targets == target)
          && stream(fault).nextDouble() < fault.strength()) {
        acted(kind);
        return Optional.of(fault);
      }
    }
    return Optional.empty();
  }

  /**
   * True when a fault of this kind aims at this point and this is the pass that it means. Each aims
   * at one point in {@link #AIMS}, and strikes there at one of the first passes, now and then at
   * the next one too.
   */
  boolean aims(FaultKind kind, String point) {
    var faults = windows.get(kind);
    if (faults == null) {
      return false;
    }
    boolean hit = false;
    for (var fault : faults) {
      long drawn = Chance.mix(point.hashCode() * 31L + fault.target());
      if (fault.covers(engine.now()) && Math.floorMod(drawn, aims(point)) == 0) {
        int pass = passes.merge(fault.index() + " " + point, 1, Integer::sum);
        // The first pass most often: many calls are made once in a world.
        long meant = 1 + Math.floorMod(drawn >>> 20, MOST_PASSES) * Math.floorMod(drawn >>> 30, 2);
        boolean again = Math.floorMod(drawn >>> 40, 3) == 0;
        hit |= pass == meant || again && pass == meant + 1;
      }
    }
    if (hit) {
      acted(kind);
    }
    return hit;
  }

  private static int aims(String point) {
    return SELDOM.stream().anyMatch(point::contains) ? 1 : AIMS;
  }

  /** True while such a fault's window is open, whatever its strength. */
  boolean open(FaultKind kind, int target, int targets) {
    var faults = windows.get(kind);
    if (faults == null) {
      return false;
    }
    for (var fault : faults) {
      if (fault.covers(engine.now()) && (target < 0 || fault.target() % targets == target)) {
        return true;
      }
    }
    return false;
  }

  /** True when a window of this kind was open at some time since then. */
  boolean openSince(FaultKind kind, long since) {
    var faults = windows.get(kind);
    return faults != null
        && faults.stream().anyMatch(f -> f.fromMillis() <= engine.now() && f.toMillis() > since);
  }

  void acted(FaultKind kind) {
    coverage.fault(kind);
    trace.note("fault", kind.wireName());
  }
}
