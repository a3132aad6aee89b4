package io.vaultlayer.wire;

import java.util.List;

/**
 * A job as {@code vl status JOB --json} shows it (contract, section 1). Absent values are null,
 * times RFC 3339 UTC.
 */
public record StatusDocument(
    String id,
    String name,
    String state,
    String reason,
    String detail,
    List<String> command,
    String gpu,
    Boolean gpuPresent,
    boolean failover,
    int epoch,
    String phase,
    Long step,
    Double loss,
    Double stepsPerSecond,
    Integer exitCode,
    String provider,
    String instanceId,
    String machineId,
    Checkpoint checkpoint,
    List<Attempt> attempts,
    List<String> warnings,
    double costUsd,
    String submittedAt,
    String endedAt,
    String heardAt,
    List<Gpu> gpus) {

  /**
   * One GPU of the living attempt as its agent told it with the last beat, {@code heardAt}, which
   * carries figures of at most 30 s before. What the driver does not tell is null. Memory is exact
   * to half a percent of {@code memoryTotalMiB}, which is the largest device's; power to 4 W.
   */
  public record Gpu(
      int index,
      Integer utilisationPercent,
      Long memoryUsedMiB,
      Long memoryTotalMiB,
      Integer temperatureC,
      Integer powerW) {}

  /** The newest committed checkpoint. {@code files} is their number, {@code bytes} their sum. */
  public record Checkpoint(long step, int epoch, String committedAt, long bytes, int files) {}

  /** One attempt; {@code endedAt}, {@code outcome} and {@code detail} are null while it lives. */
  public record Attempt(
      int epoch,
      String provider,
      String instanceId,
      String machineId,
      String pricing,
      Double usdPerHour,
      String startedAt,
      String endedAt,
      String outcome,
      String detail,
      Long firstStep,
      Long lastStep,
      Long resumedFrom) {}
}
