package io.vaultlayer.functions.state;

import io.vaultlayer.functions.Platform;

/** The working parts that every function shares, wired from its platform. */
public record Control(
    Platform platform, JobRecords records, Leases leases, Effects effects, DecisionLog log) {
  public static Control on(Platform platform) {
    return on(platform, DecisionLog.standard());
  }

  public static Control on(Platform platform, DecisionLog log) {
    var records = new JobRecords(platform);
    var leases = new Leases(platform, records, log);
    return new Control(platform, records, leases, new Effects(platform, leases, log), log);
  }
}
