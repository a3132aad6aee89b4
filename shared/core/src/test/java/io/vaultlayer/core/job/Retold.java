package io.vaultlayer.core.job;

import io.vaultlayer.core.job.JobEvent.ByOwner;
import io.vaultlayer.core.lease.TokenHash;

/** An owner's event as somebody else, or somebody of another epoch, would send it. */
final class Retold {
  private Retold() {}

  static ByOwner by(TokenHash token, ByOwner event) {
    return as(event.epoch(), token, event);
  }

  static ByOwner inEpoch(int epoch, ByOwner event) {
    return as(epoch, event.token(), event);
  }

  static ByOwner as(int epoch, TokenHash token, ByOwner event) {
    return switch (event) {
      case JobEvent.Heartbeat e ->
          new JobEvent.Heartbeat(
              e.now(),
              epoch,
              token,
              e.beat(),
              e.phase(),
              e.step(),
              e.firstStep(),
              e.loss(),
              e.stepsPerSecond());
      case JobEvent.Reclaim e -> new JobEvent.Reclaim(e.now(), epoch, token, e.drainEnd());
      case JobEvent.Commit e -> new JobEvent.Commit(e.now(), epoch, token, e.pointer());
      case JobEvent.Condemn e ->
          new JobEvent.Condemn(e.now(), epoch, token, e.damaged(), e.replacement(), e.problem());
      case JobEvent.NextEpoch e ->
          new JobEvent.NextEpoch(
              e.now(),
              epoch,
              token,
              e.nextToken(),
              e.outcome(),
              e.detail(),
              e.firstStep(),
              e.lastStep());
      case JobEvent.Exit e ->
          new JobEvent.Exit(
              e.now(),
              epoch,
              token,
              e.outcome(),
              e.exitCode(),
              e.reason(),
              e.detail(),
              e.firstStep(),
              e.lastStep());
    };
  }
}
