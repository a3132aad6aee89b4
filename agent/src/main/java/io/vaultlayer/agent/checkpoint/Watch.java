package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.gate.Finding;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The watching side: looks, and makes a snapshot of what is complete at once. */
final class Watch {
  /** Huge directories are looked at less often: a look at one file costs some 20 microseconds. */
  private static final long REST_NANOS_FOR_EACH_FILE = 500_000;

  private final CheckpointPipeline.Parts parts;
  private final CheckpointPipeline.Pace pace;
  private final Ledger ledger;
  private final Snapshots snapshots;
  private final Finder finder;
  private Finder.Phase phase = Finder.Phase.RUNNING;
  private boolean stopped;
  private boolean settled;

  Watch(
      CheckpointPipeline.Parts parts,
      CheckpointPipeline.Pace pace,
      Ledger ledger,
      Snapshots snapshots) {
    this.parts = parts;
    this.pace = pace;
    this.ledger = ledger;
    this.snapshots = snapshots;
    this.finder =
        new Finder(
            parts.scope().kept(),
            parts.writers(),
            new Finder.Silence(
                pace.quiet().toNanos(), pace.siblings().toNanos(), pace.patience().toNanos()),
            parts.vitals()::worldSize);
  }

  /** Before the script starts: what lies there is known, what earlier epochs kept goes. */
  void prepare() {
    try {
      snapshots.clear();
      finder.baseline(System.nanoTime(), known());
    } catch (IOException e) {
      ledger.warn("looking at " + parts.scope().kept() + ": " + e.getMessage());
    }
  }

  /** After a fresh start nothing is known, after a restore its files, else all that is there. */
  private Optional<Set<String>> known() {
    if (parts.pointer().isEmpty()) {
      return Optional.of(Set.of());
    }
    return parts
        .restored()
        .map(restored ->
            restored.manifest().files().stream()
                .map(file -> file.path().split("/", 2)[0])
                .collect(Collectors.toSet()));
  }

  void run() {
    while (true) {
      Finder.Phase seenIn = phase();
      look(seenIn);

      synchronized (this) {
        settled =
            seenIn == phase
                && switch (phase) {
                  case RUNNING -> false;
                  case ENDED_BADLY -> true;
                  case ENDED_WELL -> !finder.isWaiting();
                };
        notifyAll();
        try {
          // A change of phase is looked into at once; otherwise wait for the next look.
          if (!stopped && seenIn == phase) {
            long rest = finder.filesSeen() * REST_NANOS_FOR_EACH_FILE;
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(rest, pace.look().toNanos()));
          }
        } catch (InterruptedException e) {
          return;
        }
        if (stopped) {
          return;
        }
      }
    }
  }

  synchronized void ended(Finder.Phase how) {
    phase = how;
    settled = false;
    notifyAll();
  }

  synchronized void stop() {
    stopped = true;
    notifyAll();
  }

  /** Waits until everything that is complete was found. @return false when time ran out before */
  synchronized boolean awaitSettled(long endNanos) {
    try {
      while (!settled && !stopped) {
        long left = endNanos - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
      return settled;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private synchronized Finder.Phase phase() {
    return phase;
  }

  private void look(Finder.Phase seenIn) {
    try {
      List<Sighted> found;
      synchronized (snapshots) {
        found = finder.look(System.nanoTime(), seenIn, ledger.above(), snapshots.touched());
      }
      for (Sighted one : found) {
        if (ledger.wants(one.step())) {
          keep(one);
        }
      }
    } catch (IOException | RuntimeException e) {
      // One bad look must not end the watch: the next may succeed, and silence would lose saves.
      ledger.warn("looking at " + parts.scope().kept() + ": " + e.getMessage());
    }
  }

  private void keep(Sighted found) {
    long step = ledger.number(found.step());
    OptionalDouble loss = parts.vitals().loss();
    if (!found.tree().skipped().isEmpty()) {
      ledger.warn(
          "not stored, because they are links or no files: "
              + String.join(", ", found.tree().skipped()));
    }
    Optional<String> hindrance = hindrance(found);
    if (hindrance.isPresent()) {
      hold(found, step, hindrance.get());
      return;
    }
    try {
      Snapshot snapshot;
      synchronized (snapshots) {
        snapshot = snapshots.take(found, step, loss);
      }
      // Before it may supersede one that waits: a bad one must not cost the user a good one.
      Optional<String> problem = Gate.problem(snapshot.files(), snapshot.tree(), loss);
      if (problem.isPresent()) {
        discard(snapshot);
        hold(found, step, problem.get());
        return;
      }
      ledger.offer(snapshot).ifPresent(this::discard);
    } catch (Snapshots.Moved e) {
      // It changed under our hands; if it settles, it will be found again.
    } catch (IOException e) {
      hold(found, step, "it could not be kept: " + e.getMessage());
    }
  }

  /** What keeps it from being taken at all; what is only noteworthy is told. */
  private Optional<String> hindrance(Sighted found) {
    if (found.tree().problem().isPresent()) {
      return found.tree().problem();
    }
    switch (found.parts()) {
      case Finding.Whole whole -> whole.warnings().forEach(ledger::warn);
      case Finding.Doubtful doubtful -> ledger.warn(doubtful.reason());
      case Finding.Incomplete incomplete -> {
        return Optional.of(incomplete.reason());
      }
    }
    return parts.vitals().ailment();
  }

  private void discard(Snapshot snapshot) {
    synchronized (snapshots) {
      snapshots.discard(snapshot);
    }
  }

  private void hold(Sighted found, long step, String reason) {
    ledger.hold(step, reason, found.tree().bytes(), found.tree().files().size());
  }
}
