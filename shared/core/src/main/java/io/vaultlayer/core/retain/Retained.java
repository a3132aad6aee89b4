package io.vaultlayer.core.retain;

import java.util.List;
import java.util.Optional;

/**
 * What retention has decided about one job so far. A commit up to {@code upTo} that is not in
 * {@code kept} is pruned: whatever still lies in the bucket, nobody may start from it.
 *
 * @param upTo the newest commit that was decided about
 * @param count how many were
 * @param stride every so manieth of them is kept; grows when there would be too many
 * @param kept of the commits up to {@code upTo}, oldest first
 * @param doomed pruned, and their objects may not all be deleted yet
 * @param swept all epochs up to this one are over, and nothing that nobody names is left of them
 * @param sweptAt within the next epoch, the key up to which that was done
 */
public record Retained(
    Optional<CheckpointId> upTo,
    long count,
    int stride,
    List<Kept> kept,
    List<CheckpointId> doomed,
    int swept,
    Optional<String> sweptAt) {

  /** A commit that is kept. @param ordinal which one of the job's commits it was, from 1 */
  public record Kept(long ordinal, CheckpointId id) {}

  public static final Retained NOTHING =
      new Retained(Optional.empty(), 0, 0, List.of(), List.of(), 0, Optional.empty());

  public Retained {
    kept = List.copyOf(kept);
    doomed = List.copyOf(doomed);
  }

  public boolean isPruned(CheckpointId id) {
    return upTo.filter(end -> id.compareTo(end) <= 0).isPresent()
        && kept.stream().noneMatch(k -> k.id().equals(id));
  }

  /** The objects of all that was doomed are gone. */
  public Retained done() {
    return new Retained(upTo, count, stride, kept, List.of(), swept, sweptAt);
  }

  /** A sweep has come so far. */
  public Retained swept(int epoch, Optional<String> at) {
    return new Retained(upTo, count, stride, kept, doomed, epoch, at);
  }
}
