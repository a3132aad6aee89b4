package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.host.Priority;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.AttemptApi;
import java.time.Duration;
import java.util.Optional;

/** The uploading side: one snapshot at a time, the newest first, until it is committed or moot. */
final class Uploads {
  private final CheckpointPipeline.Parts parts;
  private final CheckpointPipeline.Pace pace;
  private final Ledger ledger;
  private final Snapshots snapshots;
  private final Uploader uploader;

  Uploads(
      CheckpointPipeline.Parts parts,
      CheckpointPipeline.Pace pace,
      Ledger ledger,
      Snapshots snapshots,
      Uploader uploader) {
    this.parts = parts;
    this.pace = pace;
    this.ledger = ledger;
    this.snapshots = snapshots;
    this.uploader = uploader;
  }

  void run() {
    Priority.lowerThisThread();
    Priority.lowerOwnSession();
    try {
      while (!ledger.isOver()) {
        tellHolds();
        Optional<Snapshot> next = ledger.take();
        if (next.isPresent()) {
          try {
            carry(next.get());
          } finally {
            ledger.done();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (StoreException.Stopped e) {
      // Fenced or out of time. The snapshot stays for an agent that may still finish it.
    }
  }

  private void carry(Snapshot snapshot) throws StoreException.Stopped {
    try (var job = new Uploader.Job(parts.scope(), snapshot)) {
      carry(job);
    }
  }

  private void carry(Uploader.Job job) throws StoreException.Stopped {
    Snapshot snapshot = job.snapshot;
    Duration wait = pace.retry();
    while (true) {
      Uploader.Outcome outcome = tried(job);
      if (outcome instanceof Uploader.Outcome.Later later) {
        ledger.trouble("step " + snapshot.step() + " is not stored yet: " + later.trouble());
        tellHolds(); // what was held meanwhile must not wait for a bucket that does not answer
        if (!ledger.isSuperseded() && !ledger.isOver()) {
          parts.stop().sleep(wait);
          wait = wait.multipliedBy(2);
          wait = wait.compareTo(pace.longestRetry()) > 0 ? pace.longestRetry() : wait;
          if (!ledger.isSuperseded()) {
            continue;
          }
        }
        if (ledger.isOver()) {
          return; // out of time; the snapshot stays for an agent that may still finish it
        }
      }

      if (!(outcome instanceof Uploader.Outcome.Committed)
          && !(outcome instanceof Uploader.Outcome.Fenced)) {
        job.abandon();
      }
      settle(snapshot, outcome);
      return;
    }
  }

  /** A defect of ours must hold one checkpoint, not end all uploads. */
  private Uploader.Outcome tried(Uploader.Job job) {
    try {
      return uploader.carry(job);
    } catch (RuntimeException e) {
      return new Uploader.Outcome.Held("unexpected: " + e);
    }
  }

  private void settle(Snapshot snapshot, Uploader.Outcome outcome) {
    switch (outcome) {
      case Uploader.Outcome.Committed committed -> ledger.committed(committed.pointer());
      case Uploader.Outcome.NotNewer older -> ledger.notNewer(snapshot.step());
      case Uploader.Outcome.Held held -> {
        ledger.hold(
            snapshot.step(),
            held.reason(),
            snapshot.tree().bytes(),
            snapshot.tree().files().size());
        tellHolds();
      }
      case Uploader.Outcome.Later superseded -> {}
      case Uploader.Outcome.Fenced fenced -> {
        ledger.fence();
        parts.stop().pull();
      }
    }
    synchronized (snapshots) {
      snapshots.discard(snapshot);
    }
  }

  private void tellHolds() {
    for (Optional<AttemptApi.Hold> hold = ledger.nextHold();
        hold.isPresent() && !ledger.isFenced();
        hold = ledger.nextHold()) {
      try {
        parts.commits().hold(hold.get());
      } catch (RuntimeException e) {
        ledger.warn("a held checkpoint could not be reported: " + e.getMessage());
      } finally {
        ledger.told(hold.get());
      }
    }
  }
}
