package io.vaultlayer.core.job;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.Decision.Ignored;
import io.vaultlayer.core.job.Decision.Recognised;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the machine makes of each event in each state, found by telling it everything often. */
final class Probe {
  /** What was seen of one event in one state. */
  record Seen(Set<Edge> edges, Set<Why> reasons, boolean[] recognised) {
    static Seen nothing() {
      return new Seen(EnumSet.noneOf(Edge.class), EnumSet.noneOf(Why.class), new boolean[1]);
    }

    boolean isRecognised() {
      return recognised[0];
    }
  }

  /** One way through the diagram. */
  record Way(JobState from, JobState to) implements Comparable<Way> {
    @Override
    public int compareTo(Way other) {
      int byFrom = from.compareTo(other.from);
      return byFrom != 0 ? byFrom : to.compareTo(other.to);
    }
  }

  private static final int EVENTS = 150;
  private static final int LOOKS = 8;
  private static final int EVENTS_BETWEEN_ECHOES = 10;

  private final Map<String, Map<JobState, Seen>> table = new TreeMap<>();
  private final Map<Edge, Set<Way>> ways = new EnumMap<>(Edge.class);

  private Probe() {}

  static Probe of(long firstSeed, long lastSeed) {
    var probe = new Probe();
    for (long seed = firstSeed; seed <= lastSeed; seed++) {
      var job = new RandomJob(seed);
      for (int i = 0; i < EVENTS; i++) {
        job.timePasses();
        for (int look = 0; look < LOOKS; look++) {
          probe.look(job, job.anything());
        }
        if (i % EVENTS_BETWEEN_ECHOES == 0) {
          job.past().forEach(old -> probe.look(job, old));
        }
        var event = job.anything();
        if (probe.look(job, event) instanceof Accepted accepted) {
          job.happened(event, accepted);
        }
      }
    }
    return probe;
  }

  private Decision look(RandomJob job, JobEvent event) {
    var before = job.lease().state();
    var decision = JobMachine.decide(job.lease(), event);
    var seen =
        table
            .computeIfAbsent(Walked.name(event), _ -> new EnumMap<>(JobState.class))
            .computeIfAbsent(before, _ -> Seen.nothing());
    switch (decision) {
      case Accepted accepted -> {
        seen.edges().add(accepted.edge());
        ways.computeIfAbsent(accepted.edge(), _ -> new TreeSet<>())
            .add(new Way(before, accepted.next().state()));
      }
      case Recognised _ -> seen.recognised()[0] = true;
      case Ignored ignored -> seen.reasons().add(ignored.why());
    }
    return decision;
  }

  /** By the event's name, then by state. */
  Map<String, Map<JobState, Seen>> table() {
    return table;
  }

  /** Where each edge leads from and to. */
  Map<Edge, Set<Way>> ways() {
    return ways;
  }
}
