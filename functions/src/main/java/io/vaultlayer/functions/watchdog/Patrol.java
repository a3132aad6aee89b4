package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.job.FenceCause;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.core.port.Provider.Seen;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Crash;
import io.vaultlayer.functions.state.Control;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks at live leases: first the leases are read (with their sequences), then each provider is
 * asked for its list once, and only then is anybody fenced, on the condition that nothing was heard
 * since the read.
 */
final class Patrol {
  /**
   * A stored deadline further ahead than now plus the lease and this much comes from a wrong clock.
   */
  private static final Duration CLOCK_SLACK = Duration.ofSeconds(5);

  private final Platform platform;
  private final Control control;
  private final Instant watchSince;
  private final Map<String, Optional<Inventory>> inventories = new HashMap<>();

  Patrol(Platform platform, Control control, Instant watchSince) {
    this.platform = platform;
    this.control = control;
    this.watchSince = watchSince;
  }

  void inspect(List<Lease> leases) {
    for (var lease : leases) {
      try {
        inspect(lease);
      } catch (RuntimeException e) {
        control.log().note("patrol failed for one job", lease.job().value(), Crash.describe(e));
      }
    }
  }

  private void inspect(Lease lease) {
    var now = platform.clock().instant();
    if (lease.policy().deadline().filter(d -> !d.isAfter(now)).isPresent()) {
      control
          .effects()
          .perform(
              control
                  .leases()
                  .apply(lease.job(), new JobEvent.Stop(now, "deadline", "its deadline passed")));
      return;
    }
    var launch = lease.currentLaunch().filter(l -> l.instanceId().isPresent());
    if (!lease.state().isWatched() || launch.isEmpty()) {
      return;
    }
    var inventory = inventory(launch.get().provider());
    if (lost(launch.get(), inventory)) {
      var outcome =
          lease.bound().isEmpty()
              ? Outcome.NEVER_STARTED
              : lease.state() == JobState.SAVING ? Outcome.RECLAIMED : Outcome.LOST;
      fence(
          lease,
          FenceCause.CONFIRMED,
          outcome,
          detail(launch.get(), inventory),
          !wasAway(lease, launch.get()));
    } else if (lease.drainEnd().filter(d -> !d.isAfter(now)).isPresent()) {
      fence(lease, FenceCause.DRAIN_OVER, Outcome.RECLAIMED, "the notice's time is over", true);
    } else if (lease.deadline().filter(d -> !d.isAfter(now)).isPresent()) {
      silent(lease, launch.get(), inventory, now);
    } else if (lease.bound().isPresent()
        && lease
            .deadline()
            .filter(d -> d.isAfter(limit(launch.get(), now).plus(CLOCK_SLACK)))
            .isPresent()) {
      control
          .leases()
          .apply(
              lease.job(),
              new JobEvent.Extend(
                  now,
                  lease.epoch(),
                  lease.sequence(),
                  limit(launch.get(), now),
                  "the stored deadline was too far ahead"));
    }
  }

  private static Instant limit(LaunchRecord launch, Instant now) {
    return now.plusSeconds(launch.leaseSeconds());
  }

  /**
   * A complete list, asked for after the leases were read, that does not show the instance as
   * living.
   */
  private boolean lost(LaunchRecord launch, Optional<Inventory> inventory) {
    if (inventory.isEmpty() || !inventory.get().complete()) {
      return false;
    }
    var seen = seen(launch, inventory.get());
    if (seen.isPresent()) {
      return seen.get().sighting() == Sighting.GONE || seen.get().sighting() == Sighting.STOPPED;
    }
    var visibleFrom =
        launch
            .intendedAt()
            .plus(
                platform
                    .provider(launch.provider())
                    .map(p -> p.facts().visibility())
                    .orElse(Duration.ofMinutes(1)));
    return inventory.get().askedAt().isAfter(visibleFrom);
  }

  private void silent(
      Lease lease, LaunchRecord launch, Optional<Inventory> inventory, Instant now) {
    if (lease.bound().isEmpty()) {
      fence(lease, FenceCause.SILENCE, Outcome.NEVER_STARTED, "it did not register in time", true);
      return;
    }
    if (now.isBefore(watchSince.plusSeconds(launch.leaseSeconds()))) {
      control
          .log()
          .note(
              "held",
              lease.job().value(),
              "silent, but the watchdog has not watched for a full lease yet");
      return;
    }
    var opinion =
        inventory.flatMap(i -> seen(launch, i)).map(Seen::sighting).orElseGet(() -> ask(launch));
    boolean alive = opinion == Sighting.RUNNING || opinion == Sighting.STARTING;
    if (alive && lease.graceEnd().isEmpty()) {
      var grace = lease.deadline().orElseThrow().plusMillis(launch.leaseSeconds() * 500L);
      control
          .leases()
          .apply(lease.job(), new JobEvent.Suspect(now, lease.epoch(), lease.sequence(), grace));
    } else if (lease.graceEnd().isEmpty() || !lease.graceEnd().get().isAfter(now)) {
      var said =
          alive
              ? "although the provider says running"
              : "the provider says " + opinion.name().toLowerCase(java.util.Locale.ROOT);
      fence(
          lease,
          FenceCause.SILENCE,
          Outcome.LOST,
          "no heartbeat for the lease of " + launch.leaseSeconds() + " s, " + said,
          true);
    }
  }

  private void fence(
      Lease lease, FenceCause cause, Outcome outcome, String detail, boolean counts) {
    var id = "f-" + HexFormat.of().formatHex(platform.entropy().bytes(8));
    var event =
        new JobEvent.Fence(
            platform.clock().instant(),
            lease.epoch(),
            lease.sequence(),
            id,
            cause,
            outcome,
            detail,
            counts);
    control.effects().perform(control.leases().apply(lease.job(), event));
  }

  /**
   * Lost while we were away: the attempt died with the control plane, and does not count against
   * the job.
   */
  private boolean wasAway(Lease lease, LaunchRecord launch) {
    var lastBeat = lease.run().lastBeatAt().orElse(lease.run().startedAt());
    return lastBeat.isBefore(watchSince)
        && platform.clock().instant().isBefore(watchSince.plusSeconds(launch.leaseSeconds()));
  }

  private static String detail(LaunchRecord launch, Optional<Inventory> inventory) {
    var gone = inventory.flatMap(i -> seen(launch, i)).map(Seen::sighting).orElse(Sighting.GONE);
    var local = launch.provider().equals("local");
    return gone == Sighting.STOPPED
        ? (local ? "agent process gone" : "instance stopped")
        : local ? "process group gone" : "instance gone";
  }

  private static Optional<Seen> seen(LaunchRecord launch, Inventory inventory) {
    return inventory.instances().stream().filter(s -> s.label().equals(launch.label())).findFirst();
  }

  /** One list for each provider and tick, shared by all jobs; empty when it could not be had. */
  private Optional<Inventory> inventory(String name) {
    return inventories.computeIfAbsent(
        name,
        n -> {
          try {
            return platform.provider(n).map(p -> p.list(platform.variable("OWNER")));
          } catch (ProviderFailure e) {
            control.log().note("list failed", n, String.valueOf(e.getMessage()));
            return Optional.empty();
          }
        });
  }

  private Sighting ask(LaunchRecord launch) {
    return platform
        .provider(launch.provider())
        .map(p -> p.describe(launch.label()))
        .orElse(Sighting.UNKNOWN);
  }
}
