package io.vaultlayer.core.job;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Renders {@code docs/job-lifecycle.md} from the machine itself. */
final class LifecyclePage {
  private final Probe probe;
  private final StringBuilder page = new StringBuilder();

  private LifecyclePage(Probe probe) {
    this.probe = probe;
  }

  static String render(Probe probe) {
    return new LifecyclePage(probe).rendered();
  }

  private String rendered() {
    line("# The life of a job");
    line("");
    line("Generated from `JobMachine` by `LifecyclePageTest`; do not edit. After a change of the");
    line(
        "machine: `./mvnw -pl shared/core test -Dtest=LifecyclePageTest -Dvaultlayer.write=true`.");
    line("");
    diagram();
    edges();
    events();
    reasons();
    return page.toString();
  }

  private void line(String text) {
    page.append(text).append('\n');
  }

  /** Ways between states, without those that stay, and the four ends drawn from any state once. */
  private void diagram() {
    line("## States");
    line("");
    line(
        "`cancel` and `stop` lead from every state that is not final to `cancelled` and `stopped`;");
    line("moves that stay in their state are in the tables below.");
    line("");
    line("```mermaid");
    line("stateDiagram-v2");
    line("  [*] --> queued");
    var labels = new TreeMap<Probe.Way, TreeSet<Edge>>();
    probe
        .ways()
        .forEach((edge, ways) ->
            ways.stream()
                .filter(w -> w.from() != w.to())
                .filter(_ -> edge != Edge.CANCELLED && edge != Edge.STOPPED)
                .forEach(w -> labels.computeIfAbsent(w, _ -> new TreeSet<>()).add(edge)));
    labels.forEach((way, edges) ->
        line(
            "  "
                + way.from().wireName()
                + " --> "
                + way.to().wireName()
                + ": "
                + edges.stream().map(LifecyclePage::plain).collect(Collectors.joining(", "))));
    line("  succeeded --> [*]");
    line("```");
    line("");
  }

  private void edges() {
    line("## Edges");
    line("");
    line("| edge | taken by | leads | meaning |");
    line("|---|---|---|---|");
    for (var edge : Edge.values()) {
      line(
          "| `"
              + edge
              + "` | "
              + edge.event()
              + " | "
              + leads(edge)
              + " | "
              + edge.meaning()
              + " |");
    }
    line("");
  }

  private String leads(Edge edge) {
    var byTarget = new TreeMap<JobState, List<JobState>>();
    boolean stays = false;
    for (var way : probe.ways().get(edge)) {
      if (way.from() == way.to()) {
        stays = true;
      } else {
        byTarget.computeIfAbsent(way.to(), _ -> new ArrayList<>()).add(way.from());
      }
    }
    var parts = new ArrayList<String>();
    byTarget.forEach((to, from) -> parts.add(names(from) + " → " + to.wireName()));
    if (stays) {
      parts.add(parts.isEmpty() ? "the state stays" : "or the state stays");
    }
    return String.join("; ", parts);
  }

  private static String names(List<JobState> states) {
    var live = Arrays.stream(JobState.values()).filter(s -> !s.isFinal()).toList();
    if (states.size() == JobState.values().length) {
      return "any";
    }
    return states.equals(live)
        ? "any not final"
        : states.stream().map(JobState::wireName).collect(Collectors.joining(", "));
  }

  private void events() {
    line("## Events");
    line("");
    line(
        "What an event can come to in each state. *Own write* means that the caller's earlier write");
    line("is found by its effect and answered as if it had just been accepted.");
    line("");
    line("| event | state | edges | ignored because |");
    line("|---|---|---|---|");
    for (var type : JobEvent.class.getPermittedSubclasses()) {
      if (!type.isInterface()) {
        rows(type.getSimpleName());
      }
    }
    for (var type : JobEvent.ByOwner.class.getPermittedSubclasses()) {
      rows(type.getSimpleName());
    }
    line("");
  }

  private void rows(String event) {
    Map<String, List<JobState>> byOutcome = new LinkedHashMap<>();
    probe
        .table()
        .get(event)
        .forEach((state, seen) ->
            byOutcome.computeIfAbsent(outcome(seen), _ -> new ArrayList<>()).add(state));
    byOutcome.forEach(
        (outcome, states) -> line("| " + event + " | " + names(states) + " | " + outcome + " |"));
  }

  private static String outcome(Probe.Seen seen) {
    var edges =
        seen.edges().stream()
            .map(e -> "`" + e + "`")
            .collect(Collectors.toCollection(ArrayList::new));
    if (seen.isRecognised()) {
      edges.add("*own write*");
    }
    var reasons = seen.reasons().stream().map(Why::code).collect(Collectors.joining(", "));
    return String.join(", ", edges) + " | " + reasons;
  }

  private void reasons() {
    line("## Reasons for ignoring");
    line("");
    line("| reason | given to |");
    line("|---|---|");
    for (var why : Why.values()) {
      var events =
          probe.table().entrySet().stream()
              .filter(e -> e.getValue().values().stream().anyMatch(s -> s.reasons().contains(why)))
              .map(Map.Entry::getKey)
              .collect(Collectors.joining(", "));
      line("| `" + why.code() + "` | " + events + " |");
    }
  }

  private static String plain(Edge edge) {
    return edge.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
  }
}
