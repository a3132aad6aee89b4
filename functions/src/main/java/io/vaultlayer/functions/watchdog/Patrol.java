package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.watch.Finding;
import io.vaultlayer.core.watch.Verdict;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import java.util.HexFormat;
import java.util.List;

/**
 * Acts on what a sweep found, on the condition that nothing was heard of the lease since it was
 * read.
 */
final class Patrol {
  private final Platform platform;
  private final Control control;

  Patrol(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
  }

  void act(List<Finding> findings, TickTime time) {
    var acts = findings.stream().filter(f -> isAct(f.verdict())).toList();
    time.actOn(acts, f -> f.lease().job().value(), this::act);
  }

  private static boolean isAct(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Leave _, Verdict.Ask _ -> false;
      case Verdict.Extend _, Verdict.Suspect _, Verdict.Fence _, Verdict.Stop _, Verdict.Stall _ ->
          true;
    };
  }

  private void act(Finding finding) {
    var lease = finding.lease();
    var now = platform.clock().instant();
    switch (finding.verdict()) {
      case Verdict.Leave _, Verdict.Ask _ -> {}
      case Verdict.Stop _ ->
          apply(lease, new JobEvent.Stop(now, "deadline", "its deadline passed"));
      case Verdict.Extend(var reason, var until) ->
          apply(
              lease,
              new JobEvent.Extend(now, lease.epoch(), lease.sequence(), until, reason.meaning()));
      case Verdict.Suspect(_, var graceEnd) ->
          apply(lease, new JobEvent.Suspect(now, lease.epoch(), lease.sequence(), graceEnd));
      case Verdict.Stall(_, var detail) -> {
        control.log().note("alarm", lease.job().value(), "stalled: " + detail);
        apply(lease, new JobEvent.Stall(now, lease.epoch(), lease.sequence(), detail));
      }
      case Verdict.Fence fence ->
          apply(
              lease,
              new JobEvent.Fence(
                  now,
                  lease.epoch(),
                  lease.sequence(),
                  "f-" + HexFormat.of().formatHex(platform.entropy().bytes(8)),
                  fence.cause(),
                  fence.outcome(),
                  fence.detail(),
                  fence.counts()));
    }
  }

  private void apply(Lease lease, JobEvent event) {
    control.effects().perform(control.leases().apply(lease.job(), event));
  }
}
