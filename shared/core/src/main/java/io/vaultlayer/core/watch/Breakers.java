package io.vaultlayer.core.watch;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The breaker of the fleet and those of single providers. A provider has one of its own only while
 * it gives no list: then nobody can tell its silent hosts from our own deafness to them, however
 * small its share of the fleet is.
 */
public record Breakers(Map<String, Breaker> byDomain) {
  /** The domain that is everybody. */
  public static final String FLEET = "fleet";

  public static final Breakers NONE = new Breakers(Map.of());

  /** A breaker that opened, closed, or whose hold is used up. */
  public record Change(String domain, Breaker before, Breaker after) {}

  public Breakers {
    byDomain = Map.copyOf(byDomain);
  }

  /**
   * @param unlisted providers that owe us beats and gave no complete list just now
   */
  Breakers next(Census census, Set<String> unlisted, Instant now) {
    var next = new TreeMap<String, Breaker>();
    var domains = new TreeMap<>(byDomain);
    domains.putIfAbsent(FLEET, Breaker.closed(Instant.EPOCH));
    unlisted.forEach(p -> domains.putIfAbsent(domain(p), Breaker.closed(Instant.EPOCH)));
    domains.forEach((domain, old) -> {
      var provider = provider(domain);
      boolean mass = census.isMass(provider) && provider.map(unlisted::contains).orElse(true);
      var breaker = old.next(mass, now);
      if (!breaker.isOver(now)) {
        next.put(domain, breaker);
      }
    });
    return new Breakers(next);
  }

  /** What changed on the way from other breakers to these. */
  public List<Change> since(Breakers before) {
    var changes = new ArrayList<Change>();
    new TreeMap<>(byDomain)
        .forEach((domain, after) -> {
          var old = before.byDomain.getOrDefault(domain, Breaker.closed(Instant.EPOCH));
          if (old.state() != after.state()) {
            changes.add(new Change(domain, old, after));
          }
        });
    return changes;
  }

  /** Domains in which silence does not fence at will just now. */
  public List<String> open() {
    return new TreeMap<>(byDomain)
        .entrySet().stream()
            .filter(e -> e.getValue().state() != Breaker.State.CLOSED)
            .map(Map.Entry::getKey)
            .toList();
  }

  Breaker.State fleet() {
    return state(FLEET);
  }

  Breaker.State of(String provider) {
    return state(domain(provider));
  }

  private Breaker.State state(String domain) {
    return Optional.ofNullable(byDomain.get(domain))
        .map(Breaker::state)
        .orElse(Breaker.State.CLOSED);
  }

  /**
   * From when on silence is held against a provider's attempts: after a breaker has closed
   * everybody has one full lease. Once a hold is used up a closing gives no more time.
   */
  Instant watchSince(String provider, Instant watchSince) {
    if (fleet() == Breaker.State.RELEASING || of(provider) == Breaker.State.RELEASING) {
      return watchSince;
    }
    var since = watchSince;
    for (var domain : List.of(FLEET, domain(provider))) {
      var breaker = byDomain.get(domain);
      if (breaker != null
          && breaker.state() == Breaker.State.CLOSED
          && breaker.since().isAfter(since)) {
        since = breaker.since();
      }
    }
    return since;
  }

  private static String domain(String provider) {
    return "provider " + provider;
  }

  /** The provider whose domain this is; empty for the fleet. */
  public static Optional<String> provider(String domain) {
    return domain.equals(FLEET)
        ? Optional.empty()
        : Optional.of(domain.substring("provider ".length()));
  }
}
