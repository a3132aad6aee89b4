package io.vaultlayer.core.lease;

import java.time.Instant;
import java.util.Optional;

/**
 * One create call for the current epoch that is still open or bound.
 *
 * @param epoch for which it is meant; one above the lease's for a declared successor
 * @param number of the launch within the epoch, from 1
 * @param label {@code vl-<owner>-<job>-e<epoch>-<n>}
 * @param bootstrapHash of the one-time token handed to the instance
 * @param expiresAt a launch that has not registered by then is terminated
 * @param fundedUntil its money is reserved up to then; empty where no budget limits the job
 * @param instanceId empty while the create call's answer is not known
 * @param region of the provider, as its offer named it
 * @param gpuPresent false when the class was only named, not found there
 */
public record LaunchRecord(
    int epoch,
    int number,
    String label,
    String provider,
    String region,
    String gpu,
    boolean gpuPresent,
    String pricing,
    double usdPerHour,
    int beatSeconds,
    int leaseSeconds,
    TokenHash bootstrapHash,
    Instant intendedAt,
    Instant expiresAt,
    Optional<Instant> fundedUntil,
    Optional<String> instanceId,
    Optional<String> machineId) {

  public LaunchRecord launched(String instance, String machine) {
    return with(epoch, fundedUntil, Optional.of(instance), Optional.of(machine));
  }

  /** The same instance, owning another epoch: a restart in place. */
  public LaunchRecord inEpoch(int other) {
    return with(other, fundedUntil, instanceId, machineId);
  }

  /** Its money is reserved up to a later time. */
  public LaunchRecord funded(Instant until) {
    return with(epoch, Optional.of(until), instanceId, machineId);
  }

  private LaunchRecord with(
      int newEpoch,
      Optional<Instant> newFundedUntil,
      Optional<String> newInstanceId,
      Optional<String> newMachineId) {
    return new LaunchRecord(
        newEpoch,
        number,
        label,
        provider,
        region,
        gpu,
        gpuPresent,
        pricing,
        usdPerHour,
        beatSeconds,
        leaseSeconds,
        bootstrapHash,
        intendedAt,
        expiresAt,
        newFundedUntil,
        newInstanceId,
        newMachineId);
  }
}
