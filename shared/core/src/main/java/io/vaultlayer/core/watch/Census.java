package io.vaultlayer.core.watch;

import io.vaultlayer.core.lease.Lease;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * How many attempts owe beats and how many are late with them, by provider and beat. The beat
 * matters: when our ingress fails, attempts that beat every 10 s are late a minute before those
 * that beat every 30 s, and expire before the others are missed.
 */
public record Census(Map<Group, Count> groups) {
  /** Fewer late ones than this are deaths, not an outage, however small the fleet is. */
  public static final int FEW = 5;

  /** Above this share of its group, lateness is taken for our fault. */
  public static final double SHARE = 0.10;

  /** Attempts on one provider that beat equally often. */
  public record Group(String provider, int beatSeconds) implements Comparable<Group> {
    @Override
    public int compareTo(Group other) {
      int order = provider.compareTo(other.provider);
      return order != 0 ? order : Integer.compare(beatSeconds, other.beatSeconds);
    }
  }

  public record Count(long live, long late) {
    static final Count NONE = new Count(0, 0);

    Count plus(Count other) {
      return new Count(live + other.live, late + other.late);
    }

    /** Too many at once to be deaths. */
    public boolean isMass() {
      return late > FEW && late > SHARE * live;
    }
  }

  public Census {
    groups = Map.copyOf(groups);
  }

  /**
   * @param since for each provider, from when on silence is held against its attempts
   */
  public static Census of(List<Lease> leases, Function<String, Instant> since, Instant now) {
    var groups = new TreeMap<Group, Count>();
    for (var lease : leases) {
      if (Lateness.owesBeats(lease)) {
        var launch = lease.boundLaunch().orElseThrow();
        boolean late = Lateness.isLate(lease, since.apply(launch.provider()), now);
        groups.merge(
            new Group(launch.provider(), launch.beatSeconds()),
            new Count(1, late ? 1 : 0),
            Count::plus);
      }
    }
    return new Census(groups);
  }

  /**
   * Attempts that a sweep over part of the table must have seen before it says how many are late.
   */
  public static final int ENOUGH = 50;

  /**
   * @param whole the whole table was read: then also the smallest number says everything
   */
  public boolean isTelling(boolean whole) {
    return whole || count(Optional.empty()).live() >= ENOUGH;
  }

  /** All attempts, or those of one provider. */
  public Count count(Optional<String> provider) {
    return of(provider).values().stream().reduce(Count.NONE, Count::plus);
  }

  /** Too many are late: of all, or of those that beat equally often. */
  public boolean isMass(Optional<String> provider) {
    return count(provider).isMass() || of(provider).values().stream().anyMatch(Count::isMass);
  }

  /** Counts by beat. */
  private Map<Integer, Count> of(Optional<String> provider) {
    var byBeat = new TreeMap<Integer, Count>();
    groups.forEach((group, count) -> {
      if (provider.isEmpty() || provider.get().equals(group.provider())) {
        byBeat.merge(group.beatSeconds(), count, Count::plus);
      }
    });
    return byBeat;
  }
}
