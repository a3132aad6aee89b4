package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.reap.Reaper;
import io.vaultlayer.core.watch.Look;
import io.vaultlayer.core.watch.Sight;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Crash;
import io.vaultlayer.functions.state.DecisionLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/**
 * What the providers' lists say, one list for each provider and tick, shared by all jobs and asked
 * for after the leases were read.
 */
final class Lists {
  /** A window as short as this means that creating and listing happen in one place. */
  private static final Duration AT_ONCE = Duration.ofSeconds(5);

  /** An answer about one instance that takes longer is none (protocol, deciding silence). */
  private static final Duration OPINION = Duration.ofSeconds(3);

  private final Platform platform;
  private final DecisionLog log;
  private final Map<String, Listed> byProvider = new HashMap<>();

  private record Listed(Inventory inventory, Map<String, Sighting> byLabel, Duration visibility) {}

  private Lists(Platform platform, DecisionLog log) {
    this.platform = platform;
    this.log = log;
  }

  static Lists ask(Platform platform, DecisionLog log, Set<String> providers, Duration limit) {
    var lists = new Lists(platform, log);
    var names = List.copyOf(new TreeSet<>(providers));
    var work = new ArrayList<Callable<Optional<Listed>>>();
    names.forEach(name -> work.add(() -> lists.list(name)));
    var answers =
        work.isEmpty() ? List.<Optional<Optional<Listed>>>of() : platform.parallel(work, limit);
    for (int i = 0; i < names.size(); i++) {
      var name = names.get(i);
      if (answers.get(i).isEmpty()) {
        log.note("list failed", name, "no answer within " + limit.toMillis() + " ms");
      }
      answers.get(i).flatMap(a -> a).ifPresent(listed -> lists.byProvider.put(name, listed));
    }
    return lists;
  }

  private Optional<Listed> list(String name) {
    try {
      return platform.provider(name).map(this::list);
    } catch (ProviderFailure e) {
      log.note("list failed", name, String.valueOf(e.getMessage()));
      return Optional.empty();
    } catch (RuntimeException e) {
      log.note("list failed", name, Crash.describe(e));
      return Optional.empty();
    }
  }

  private Listed list(Provider provider) {
    var inventory = provider.list(platform.variable("OWNER"));
    var byLabel = new HashMap<String, Sighting>();
    inventory.instances().forEach(s -> byLabel.merge(s.label(), s.sighting(), Lists::living));
    return new Listed(inventory, byLabel, provider.facts().visibility());
  }

  /** Two instances under one label: while one lives, nothing is lost. */
  private static Sighting living(Sighting a, Sighting b) {
    return a == Sighting.GONE || a == Sighting.STOPPED ? b : a;
  }

  /** Of these providers, those without a complete list. */
  Set<String> unlisted(Set<String> providers) {
    var without = new TreeSet<String>();
    for (var name : providers) {
      var listed = byProvider.get(name);
      if (listed == null || !listed.inventory().complete()) {
        without.add(name);
      }
    }
    return without;
  }

  /** What the lists say of the launch that a lease is watched for. */
  Sight sight(Lease lease) {
    var launch = Look.watched(lease).orElseThrow();
    var listed = byProvider.get(launch.provider());
    if (listed == null) {
      return Sight.NO_LIST;
    }
    // Until somebody has registered, the create call itself may only just have been answered. Where
    // the list shows at once what is made, a host that dies at its start is noticed at once too.
    var window =
        lease.bound().isPresent() || listed.visibility().compareTo(AT_ONCE) <= 0
            ? listed.visibility()
            : listed.visibility().plus(Reaper.CALL_LIMIT);
    var visible = listed.inventory().askedAt().isAfter(launch.intendedAt().plus(window));
    return Sight.listed(
        listed.inventory().complete(),
        Optional.ofNullable(listed.byLabel().get(launch.label())),
        visible);
  }

  /** Asks about single instances, all at once. */
  List<Sighting> ask(List<LaunchRecord> launches) {
    var work = new ArrayList<Callable<Sighting>>();
    launches.forEach(launch -> work.add(() -> describe(launch)));
    if (work.isEmpty()) {
      return List.of();
    }
    return platform.parallel(work, OPINION).stream()
        .map(answer -> answer.orElse(Sighting.UNKNOWN))
        .toList();
  }

  private Sighting describe(LaunchRecord launch) {
    try {
      return platform
          .provider(launch.provider())
          .map(p -> p.describe(launch.label()))
          .orElse(Sighting.UNKNOWN);
    } catch (RuntimeException e) {
      log.note("no opinion", launch.label(), Crash.describe(e));
      return Sighting.UNKNOWN;
    }
  }
}
