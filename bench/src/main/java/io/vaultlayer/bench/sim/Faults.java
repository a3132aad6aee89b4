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
  private final Engine engine;
  private final Trace trace;
  private final Coverage coverage;
  private final Map<FaultKind, List<Fault>> windows = new EnumMap<>(FaultKind.class);
  private final Map<Integer, SplittableRandom> streams = new HashMap<>();

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
