package io.vaultlayer.core.lease;

import io.vaultlayer.core.job.Outcome;
import java.time.Instant;
import java.util.Optional;

/**
 * An attempt that is over, as the write that closed it recorded it.
 *
 * @param machineSuspect its machine may be at fault: neither was it taken away nor was the fault
 *     ours
 */
public record ClosedAttempt(
    int epoch,
    Optional<LaunchRecord> launch,
    Instant startedAt,
    Instant endedAt,
    Outcome outcome,
    String detail,
    Optional<Long> firstStep,
    Optional<Long> lastStep,
    Optional<Long> resumedFrom,
    boolean machineSuspect) {}
