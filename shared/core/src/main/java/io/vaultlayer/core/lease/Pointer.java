package io.vaultlayer.core.lease;

import java.time.Instant;

/**
 * A committed checkpoint.
 *
 * @param step completed optimiser steps
 * @param epoch that committed it
 * @param manifestSha256 digest of the manifest's bytes, hex
 * @param bytes sum over its {@code files}
 */
public record Pointer(
    long step,
    int epoch,
    String manifestKey,
    String manifestSha256,
    long bytes,
    int files,
    Instant committedAt) {
  public Pointer {
    if (step < 0 || epoch < 1 || bytes < 0 || files < 1) {
      throw new IllegalArgumentException("a pointer names a step, an epoch and at least one file");
    }
  }

  /** True when both name the same manifest with the same content. */
  public boolean same(Pointer other) {
    return step == other.step
        && epoch == other.epoch
        && manifestKey.equals(other.manifestKey)
        && manifestSha256.equals(other.manifestSha256);
  }
}
