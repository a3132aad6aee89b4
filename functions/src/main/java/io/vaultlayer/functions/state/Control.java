package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.functions.Platform;
import java.util.function.BiFunction;

/** The working parts that every function shares, wired from its platform. */
public record Control(
    Platform platform,
    JobRecords records,
    Leases leases,
    Effects effects,
    DecisionLog log,
    Notes notes,
    Metrics metrics) {
  public static Control on(Platform platform) {
    return on(platform, DecisionLog.standard());
  }

  public static Control on(Platform platform, DecisionLog log) {
    return on(platform, log, JobMachine::decide);
  }

  /** With another way to decide: one that counts, or a planted mutant. */
  public static Control on(
      Platform platform, DecisionLog log, BiFunction<Lease, JobEvent, Decision> decide) {
    var records = new JobRecords(platform);
    var metrics = new Metrics(log.sink(), platform.clock());
    var leases = new Leases(platform, records, log, metrics, decide);
    var effects = new Effects(platform, leases, log);
    return new Control(platform, records, leases, effects, log, new Notes(platform, log), metrics);
  }
}
