package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Checks.JobTruth;
import io.vaultlayer.bench.sim.Invocation.Caller;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.Lease;
import java.util.Optional;

/** Whether a job that did not succeed ended for a reason that is so. */
final class EndRules {
  private final World world;
  private final Checks checks;

  EndRules(World world, Checks checks) {
    this.world = world;
    this.checks = checks;
  }

  void justify(JobTruth job, Lease old, Lease lease, Optional<Caller> caller) {
    var plan = world.users.planOf(job.id);
    var reason = lease.reason().orElse("none");
    boolean holds =
        switch (reason) {
          case "cancelled" -> lease.state() == JobState.CANCELLED && job.cancelAsked;
          case "upload_never_arrived" -> lease.state() == JobState.CANCELLED && !old.armed();
          case "budget" -> lease.state() == JobState.STOPPED && plan.budgetUsd().isPresent();
          case "deadline" ->
              lease.state() == JobState.STOPPED
                  && lease.policy().deadline().isPresent()
                  && LeaseRules.millis(lease.policy().deadline().get())
                      <= world.engine.now() + LeaseRules.SKEW;
          case "single_attempt_lost" -> !plan.failover();
          case "max_attempts" ->
              plan.maxAttempts() > 0 && job.closedEpochs.size() >= plan.maxAttempts();
          case "no_progress" -> withoutProgress(job) >= JobMachine.MOST_WITHOUT_PROGRESS;
          case "no_capacity" -> old.pointer().isPresent() || old.armed();
          case "never_started" -> job.closedEpochs.size() >= JobMachine.MOST_NEVER_STARTED;
          default -> caller.isPresent() && "failed".equals(job.reported.get(old.epoch()));
        };
    if (!holds) {
      checks.broken(
          "END", job.id + ": ended as " + lease.state() + " (" + reason + "), which is not so");
    }
  }

  /** Attempts in a row, up to the last, whose program started and that committed nothing. */
  private static int withoutProgress(JobTruth job) {
    int count = 0;
    for (int i = job.closedEpochs.size() - 1; i >= 0; i--) {
      int epoch = job.closedEpochs.get(i);
      if (job.committingEpochs.contains(epoch)) {
        break;
      }
      if (job.startedEpochs.contains(epoch)) {
        count++;
      }
    }
    return count;
  }
}
