package io.vaultlayer.core.watch;

import io.vaultlayer.core.job.FenceCause;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * One sweep as a value: the leases as they were read, the watchdog's memory, what the lists say.
 * First the breakers are decided, which must be stored before anything is done; then every lease is
 * looked at.
 *
 * @param memory as the turn was taken with
 * @param leases as read, before any list was asked for
 * @param whole every lease of the table was read in this tick
 * @param unlisted providers that gave no complete list
 * @param now when the lists had come
 */
public record Sweep(
    Memory memory, List<Lease> leases, boolean whole, Set<String> unlisted, Instant now) {
  /**
   * Instances that one tick asks about one by one, all at once: they are those that a list which
   * did come leaves out. Many more, and the answers would not come within their 3 s.
   */
  public static final int MOST_ASKED = 16;

  public Sweep {
    leases = List.copyOf(leases);
    unlisted = Set.copyOf(unlisted);
  }

  public Census census() {
    return Census.of(leases, p -> memory.breakers().watchSince(p, memory.watchSince()), now);
  }

  /** The breakers after this sweep's count; as they were when too little was seen to tell. */
  public Breakers breakers() {
    var census = census();
    return census.isTelling(whole)
        ? memory.breakers().next(census, unlisted, now)
        : memory.breakers();
  }

  /**
   * A verdict for every lease.
   *
   * @param stored the breakers that {@link #breakers} gave and that are stored by now
   * @param sights what the lists say of a lease's watched launch
   */
  public List<Finding> findings(Breakers stored, Function<Lease, Sight> sights) {
    return leases.stream()
        .map(lease ->
            finding(
                lease,
                stored,
                Look.watched(lease).map(_ -> sights.apply(lease)).orElse(Sight.NO_LIST)))
        .toList();
  }

  public Finding finding(Lease lease, Breakers stored, Sight sight) {
    var provider = Look.watched(lease).map(LaunchRecord::provider).orElse("");
    var outlook =
        new Outlook(
            now,
            memory.watchSince(),
            stored.watchSince(provider, memory.watchSince()),
            stored.fleet(),
            stored.of(provider));
    return new Finding(lease, Look.decide(lease, sight, outlook), outlook.isReleasing());
  }

  /**
   * Findings for which no provider need be asked, and those for which one is.
   *
   * @param settled with those that this tick leaves unasked among them
   */
  public record Opinions(List<Finding> settled, List<Finding> asked) {}

  /** Of those for whom an opinion is owed, a few are asked for, the longest silent first. */
  public static Opinions opinions(List<Finding> findings) {
    var owed =
        findings.stream()
            .filter(f -> f.verdict() instanceof Verdict.Ask)
            .sorted(FIRST_THINGS_FIRST)
            .toList();
    var settled = new ArrayList<Finding>();
    findings.stream().filter(f -> !(f.verdict() instanceof Verdict.Ask)).forEach(settled::add);
    owed.stream()
        .skip(MOST_ASKED)
        .forEach(f -> settled.add(f.instead(new Verdict.Leave(Reason.HELD_OPINION))));
    return new Opinions(settled, owed.stream().limit(MOST_ASKED).toList());
  }

  /**
   * The findings in the order in which they are acted on: confirmed losses first, silence last and
   * the longest silent first. After a hold is used up silence fences one in a hundred at each tick,
   * one at least; the rest is held until the next.
   */
  public List<Finding> ordered(List<Finding> findings) {
    long left = Math.max(1, census().count(Optional.empty()).live() / 100);
    var ordered = new ArrayList<Finding>();
    for (var finding : findings.stream().sorted(FIRST_THINGS_FIRST).toList()) {
      boolean counted = finding.isReleasing() && isSilenceFence(finding.verdict());
      if (counted && left <= 0) {
        ordered.add(finding.instead(new Verdict.Leave(Reason.HELD_RATE)));
      } else {
        ordered.add(finding);
        left -= counted ? 1 : 0;
      }
    }
    return List.copyOf(ordered);
  }

  private static final Comparator<Finding> FIRST_THINGS_FIRST =
      Comparator.comparingInt((Finding f) -> urgency(f.verdict()))
          .thenComparing(f -> f.lease().deadline().orElse(Instant.MAX))
          .thenComparing(f -> f.lease().job().value());

  private static int urgency(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Stop _ -> 0;
      case Verdict.Fence fence when fence.cause() != FenceCause.SILENCE -> 1;
      case Verdict.Fence _ -> 2;
      case Verdict.Suspect _, Verdict.Stall _ -> 3;
      case Verdict.Extend _ -> 4;
      case Verdict.Ask _ -> 5;
      case Verdict.Leave _ -> 6;
    };
  }

  private static boolean isSilenceFence(Verdict verdict) {
    return verdict instanceof Verdict.Fence fence && fence.cause() == FenceCause.SILENCE;
  }
}
