package io.vaultlayer.bench.sim;

import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.Why;
import java.util.Map;
import java.util.TreeMap;

/**
 * How often each edge was taken, each reason for ignoring was given, each fault acted, and a
 * handler died at each call of a port. Names with a zero are there too.
 *
 * @param crashPoints {@code function port.call before|after}: every call that a handler made, and
 *     how often the handler died there
 */
public record Coverage(
    Map<String, Long> edges,
    Map<String, Long> ignored,
    Map<String, Long> faults,
    Map<String, Long> crashPoints) {

  public Coverage() {
    this(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
    for (var edge : Edge.values()) {
      edges.put(edge.name(), 0L);
    }
    for (var why : Why.values()) {
      ignored.put(why.code(), 0L);
    }
    for (var kind : FaultKind.values()) {
      faults.put(kind.wireName(), 0L);
    }
  }

  void fault(FaultKind kind) {
    faults.merge(kind.wireName(), 1L, Long::sum);
  }

  public void add(Coverage other) {
    other.edges.forEach((k, v) -> edges.merge(k, v, Long::sum));
    other.ignored.forEach((k, v) -> ignored.merge(k, v, Long::sum));
    other.faults.forEach((k, v) -> faults.merge(k, v, Long::sum));
    other.crashPoints.forEach((k, v) -> crashPoints.merge(k, v, Long::sum));
  }
}
