package io.vaultlayer.bench.detect;

import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.bench.report.Bench;
import io.vaultlayer.bench.report.Figures;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Everything that one run of the bench measured. */
final class Measured {
  final Map<DeathClass, Figures> deaths = new EnumMap<>(DeathClass.class);
  final Map<DeathClass, Deaths.Seen> seen =
      Collections.synchronizedMap(new EnumMap<>(DeathClass.class));
  final Map<String, Silences.Seen> silences = Collections.synchronizedMap(new TreeMap<>());
  final List<Outages.Seen> outages = Collections.synchronizedList(new ArrayList<>());
  final List<Notices.Seen> notices = Collections.synchronizedList(new ArrayList<>());
  volatile long plainFences;
  final double plainMonths;

  private Measured(Plan plan) {
    plainMonths = plan.plainMonths();
    for (var how : DeathClass.values()) {
      deaths.put(how, new Figures());
      seen.put(how, Deaths.Seen.NOTHING);
    }
  }

  static Measured all(Plan plan) throws InterruptedException {
    var measured = new Measured(plan);
    var worlds = new ArrayList<Runnable>();
    for (var kind : Outages.Kind.values()) {
      worlds.add(() -> measured.outages.add(Outages.play(kind, plan.outageJobs(), plan.seed())));
    }
    for (int notice : List.of(120, 30)) {
      worlds.add(() ->
          measured.notices.add(
              Notices.play(notice, plan.jobs(), plan.notices(), plan.seed() + notice)));
    }
    measured.addSilences(plan, worlds);
    if (plan.plainMonths() > 0) {
      worlds.add(() ->
          measured.plainFences =
              Silences.plain(true, plan.jobs(), plan.plainMonths(), plan.seed() + 900));
    }
    for (var how : DeathClass.values()) {
      measured.addDeaths(plan, how, worlds);
    }
    Bench.worlds(worlds);
    return measured;
  }

  private void addDeaths(Plan plan, DeathClass how, List<Runnable> worlds) {
    int left = plan.deaths(how);
    for (int world = 0; left > 0; world++) {
      int count = Math.min(left, plan.deathsPerWorld());
      long seed = plan.seed() * 1000 + 100L * how.ordinal() + world;
      left -= count;
      worlds.add(() -> {
        var result = Deaths.play(how, plan.jobs(), count, seed, deaths.get(how));
        seen.merge(how, result, Deaths.Seen::plus);
        System.err.println("detection: " + how.field + ", " + deaths.get(how).count());
      });
    }
  }

  private void addSilences(Plan plan, List<Runnable> worlds) {
    for (var tries : Trainer.Tries.values()) {
      for (boolean silent : new boolean[] {true, false}) {
        var name = name(tries) + (silent ? ", provider silent" : ", provider says running");
        worlds.add(() ->
            silences.put(
                name,
                Silences.runs(tries, silent, plan.jobs(), plan.silences(), plan.seed() + 700)));
      }
    }
  }

  static String name(Trainer.Tries tries) {
    return switch (tries) {
      case ONE -> "one try per interval";
      case THREE_REFUSED -> "real agent, tries refused at once";
      case THREE_UNANSWERED -> "real agent, tries unanswered";
    };
  }

  Silences.Seen worst(Trainer.Tries tries) {
    return silences.get(name(tries) + ", provider silent");
  }

  long outageFences() {
    return outages.stream().mapToLong(Outages.Seen::falseFences).sum();
  }
}
