package io.vaultlayer.core.retain;

import io.vaultlayer.core.retain.Retained.Kept;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Decides which commits are pruned. What a lease names is never among them: from what a lease named
 * once and names no longer nobody can start again, so a plan that is made from an old lease is as
 * good as one made from a new one.
 */
public final class Retention {
  /**
   * Most that are kept besides the newest. All their manifests are read before anything is deleted;
   * where there would be more, every second of them goes.
   */
  public static final int MOST_KEPT = 32;

  private Retention() {}

  /**
   * The next plan. While something is doomed the plan stays as it is.
   *
   * @param commits decided about after {@code before.upTo()}, oldest first; may end early, the rest
   *     is decided about later
   * @param named by the lease: the pointer and those before it to which a condemn can go back
   * @param condemned found damaged; never kept
   */
  public static Retained plan(
      Retained before,
      List<CheckpointId> commits,
      Set<CheckpointId> named,
      Set<CheckpointId> condemned,
      Keep keep) {
    if (!before.doomed().isEmpty()) {
      return before;
    }
    long sound = commits.stream().filter(c -> !condemned.contains(c)).count();
    int stride = Math.max(before.stride(), keep.every());
    long count = before.count();
    var upTo = before.upTo();
    var kept = new ArrayList<Kept>(before.kept());
    var doomed = new ArrayList<CheckpointId>();
    for (var commit : commits) {
      boolean isSound = !condemned.contains(commit);
      if (named.contains(commit) || isSound && sound <= keep.last()) {
        break;
      }
      count++;
      upTo = Optional.of(commit);
      sound -= isSound ? 1 : 0;
      if (isSound && stride > 0 && count % stride == 0) {
        kept.add(new Kept(count, commit));
      } else {
        doomed.add(commit);
      }
    }
    while (kept.size() > MOST_KEPT) {
      stride *= 2;
      int every = stride;
      kept.removeIf(k -> k.ordinal() % every != 0 && doomed.add(k.id()));
    }
    return new Retained(upTo, count, stride, kept, doomed, before.swept(), before.sweptAt());
  }
}
