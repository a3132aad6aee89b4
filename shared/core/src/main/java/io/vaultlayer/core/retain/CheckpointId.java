package io.vaultlayer.core.retain;

import io.vaultlayer.core.lease.Pointer;
import java.util.Comparator;

/** A committed checkpoint; in the order of their ids checkpoints were committed. */
public record CheckpointId(int epoch, long step) implements Comparable<CheckpointId> {
  private static final int EPOCH_DIGITS = 8;

  public static CheckpointId of(Pointer pointer) {
    return new CheckpointId(pointer.epoch(), pointer.step());
  }

  /** Reads {@link #toString}. */
  public static CheckpointId parse(String text) {
    return new CheckpointId(
        Integer.parseInt(text.substring(0, EPOCH_DIGITS)),
        Long.parseLong(text.substring(EPOCH_DIGITS + 1)));
  }

  @Override
  public int compareTo(CheckpointId other) {
    return Comparator.comparingInt(CheckpointId::epoch)
        .thenComparingLong(CheckpointId::step)
        .compare(this, other);
  }

  /** As the names of commit records have it, so that texts sort as ids do. */
  @Override
  public String toString() {
    return "%08d#%012d".formatted(epoch, step);
  }
}
