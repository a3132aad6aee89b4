package io.vaultlayer.core.job;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What the readable tests have walked so far in this run of them, counted. */
final class Walked {
  private static final Map<Edge, Integer> EDGES = new EnumMap<>(Edge.class);
  private static final Map<Edge, Set<String>> EVENTS = new EnumMap<>(Edge.class);
  private static final Map<Why, Integer> REASONS = new EnumMap<>(Why.class);
  private static final Set<String> RECOGNISED = new TreeSet<>();

  private Walked() {}

  static synchronized void taken(JobEvent event, Edge edge) {
    EDGES.merge(edge, 1, Integer::sum);
    EVENTS.computeIfAbsent(edge, _ -> new TreeSet<>()).add(name(event));
  }

  static synchronized void ignored(Why why) {
    REASONS.merge(why, 1, Integer::sum);
  }

  static synchronized void recognised(JobEvent event) {
    RECOGNISED.add(name(event));
  }

  static String name(JobEvent event) {
    return event.getClass().getSimpleName();
  }

  static synchronized Set<Edge> edgesNeverTaken() {
    var never = EnumSet.allOf(Edge.class);
    never.removeAll(EDGES.keySet());
    return never;
  }

  static synchronized Set<Why> reasonsNeverGiven() {
    var never = EnumSet.allOf(Why.class);
    never.removeAll(REASONS.keySet());
    return never;
  }

  /** Names of the events that took this edge. */
  static synchronized Set<String> eventsOf(Edge edge) {
    return Set.copyOf(EVENTS.getOrDefault(edge, Set.of()));
  }

  static synchronized Set<String> recognisedEvents() {
    return Set.copyOf(RECOGNISED);
  }
}
