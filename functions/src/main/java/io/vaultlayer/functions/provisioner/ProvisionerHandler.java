package io.vaultlayer.functions.provisioner;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.place.Placement;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Provider.Creation;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Batches;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.InstanceRow;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.functions.state.JobMessage;
import io.vaultlayer.functions.state.JobSpec;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Places one job. Runs as often as anybody likes: the claim lets one through, the intent is stored
 * before the create call, and an unreadable answer is resolved by label, never by creating again.
 */
public final class ProvisionerHandler {
  /** Long enough for offers and one create call; a dead provisioner's job waits so long. */
  static final Duration CLAIM = Duration.ofSeconds(60);

  /** What is reserved with the intent; the sweep renews it. */
  static final double HORIZON_HOURS = 1;

  private static final int LONGEST_WAIT_SECONDS = 600;

  /** Tries of one intent while instances of the job are being confirmed gone. */
  private static final int MOST_INTENTS = 8;

  private final Platform platform;
  private final Control control;
  private final Instances instances;

  public ProvisionerHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.instances = new Instances(platform);
  }

  public Map<String, Object> handle(Map<String, Object> event) {
    return Batches.handle(
        event, control.log(), body -> JobMessage.job(body).ifPresent(this::place));
  }

  /** Places the job if it is due; does nothing otherwise. */
  public void place(JobId job) {
    var by = HexFormat.of().formatHex(platform.entropy().bytes(8));
    var now = platform.clock().instant();
    var loaded = control.leases().load(job);
    if (loaded.isEmpty()) {
      control.log().note("unknown job", job.value(), "asked to place it");
      return;
    }
    var claim =
        control
            .leases()
            .apply(
                job, l -> new JobEvent.Claim(now, l.epoch(), by, now.plus(CLAIM)), l -> List.of());
    if (claim instanceof Leases.Result.Ignored) {
      return;
    }
    var lease = claim.lease();
    var open = lease.currentLaunch();
    if (open.isPresent()) {
      resolve(lease, open.get(), by);
    } else {
      launch(lease, by);
    }
  }

  // ---- a new launch

  private void launch(Lease lease, String by) {
    var spec = control.records().spec(lease.job()).orElseThrow();
    var offers = ranked(spec);
    if (offers.isEmpty()) {
      wait(lease, by, Optional.empty(), "no offer now");
      return;
    }
    var offer = offers.getFirst();
    var provider = platform.provider(offer.provider()).orElseThrow();
    var token =
        "vlb_"
            + Base64.getUrlEncoder().withoutPadding().encodeToString(platform.entropy().bytes(32));
    var launch = record(lease, offer, provider.facts(), token);
    if (!intend(lease, by, launch)) {
      return;
    }
    var bootstrap =
        new AttemptApi.Bootstrap(
            platform.variable("ENDPOINT"),
            lease.job().value(),
            lease.epoch(),
            launch.number(),
            launch.label(),
            token);
    var creation =
        provider.create(new Provider.Launch(launch.label(), offer, Json.render(bootstrap)));
    switch (creation) {
      case Creation.Created created ->
          launched(lease, launch, created.instanceId(), created.machineId());
      case Creation.Refused refused -> {
        control
            .log()
            .note("create refused", launch.label(), refused.why() + ": " + refused.detail());
        closed(launch, "the provider refused: " + refused.detail());
        wait(
            lease,
            by,
            Optional.of(launch.number()),
            "refused by " + offer.provider() + ": " + refused.detail());
        control.effects().reap(launch.label());
      }
      case Creation.Ambiguous ambiguous -> {
        control.log().note("create ambiguous", launch.label(), ambiguous.detail());
        resolve(lease, launch, by);
      }
    }
  }

  /**
   * The intent: lease, instance item and money in one transaction, before the create call. The
   * money moves whenever an instance of the job is confirmed gone, so it is read again then.
   */
  private boolean intend(Lease lease, String by, LaunchRecord launch) {
    for (int tries = 1; ; tries++) {
      var money = control.records().money(lease.job());
      double reserve = launch.usdPerHour() * HORIZON_HOURS;
      if (!money.value().affords(reserve)) {
        overBudget(lease, launch);
        return false;
      }
      var now = platform.clock().instant();
      var beside =
          List.of(
              instances.creation(intended(lease, launch, now)),
              control
                  .records()
                  .moneyWrite(lease.job(), money, money.value().reserve(launch.label(), reserve)));
      try {
        var event = new JobEvent.Intend(now, lease.epoch(), by, launch);
        var result = control.leases().apply(lease.job(), l -> event, next -> beside);
        control.effects().perform(result);
        return !(result instanceof Leases.Result.Ignored);
      } catch (Leases.BesideRefused e) {
        if (e.index() == 0 || tries >= MOST_INTENTS) {
          control
              .log()
              .note("intent refused", launch.label(), "the instance item or the money moved");
          return false;
        }
      }
    }
  }

  private static InstanceRow intended(Lease lease, LaunchRecord launch, Instant now) {
    return new InstanceRow(
        launch.label(),
        lease.job(),
        lease.epoch(),
        launch.number(),
        launch.provider(),
        InstanceRow.State.INTENDED,
        launch.usdPerHour(),
        now,
        Optional.empty(),
        Optional.of(launch.expiresAt()),
        0,
        "intended");
  }

  private void overBudget(Lease lease, LaunchRecord launch) {
    var why = "the budget does not cover the next launch at $" + launch.usdPerHour() + "/h";
    var stop = new JobEvent.Stop(platform.clock().instant(), "budget", why);
    control.effects().perform(control.leases().apply(lease.job(), stop));
  }

  private LaunchRecord record(Lease lease, Offer offer, Provider.Facts facts, String token) {
    var now = platform.clock().instant();
    var label =
        "vl-"
            + platform.variable("OWNER")
            + "-"
            + lease.job()
            + "-e"
            + lease.epoch()
            + "-"
            + lease.nextLaunch();
    return new LaunchRecord(
        lease.epoch(),
        lease.nextLaunch(),
        label,
        offer.provider(),
        offer.region(),
        offer.gpu().name(),
        offer.present(),
        offer.pricing(),
        offer.usdPerHour(),
        facts.beatSeconds(),
        facts.leaseSeconds(),
        TokenHash.of(token),
        now,
        now.plus(facts.launchLimit()),
        Optional.empty(),
        Optional.empty(),
        Optional.of(offer.machineId()));
  }

  private void launched(Lease lease, LaunchRecord launch, String instanceId, String machineId) {
    var event =
        new JobEvent.Launched(
            platform.clock().instant(), lease.epoch(), launch.number(), instanceId, machineId);
    var result = control.leases().apply(lease.job(), event);
    var owned = !(result instanceof Leases.Result.Ignored);
    instances
        .load(launch.label())
        .filter(r -> r.value().state() == InstanceRow.State.INTENDED)
        .ifPresent(r -> {
          var next = owned ? InstanceRow.State.LIVE : InstanceRow.State.TERMINATING;
          var due = owned ? launch.expiresAt() : platform.clock().instant();
          instances.move(
              r,
              r.value().moved(next, Optional.of(due), owned ? "launched" : "the job moved on"),
              List.of());
        });
    control.effects().perform(result);
  }

  // ---- an open launch whose answer is not known

  /**
   * Looks for the label. Found: go on with it. Not found within the provider's window: come back.
   * After it: closed.
   */
  private void resolve(Lease lease, LaunchRecord launch, String by) {
    var provider = platform.provider(launch.provider());
    if (provider.isEmpty()) {
      return;
    }
    var asked = platform.clock().instant();
    Provider.Inventory inventory;
    try {
      inventory = provider.get().list(platform.variable("OWNER"));
    } catch (ProviderFailure e) {
      control.log().note("list failed", launch.label(), String.valueOf(e.getMessage()));
      return;
    }
    var seen =
        inventory.instances().stream().filter(s -> s.label().equals(launch.label())).findFirst();
    if (seen.isPresent() && seen.get().sighting() != Sighting.GONE) {
      launched(lease, launch, seen.get().instanceId(), seen.get().machineId());
    } else if (inventory.complete()
        && asked.isAfter(launch.intendedAt().plus(provider.get().facts().visibility()))) {
      closed(launch, "its create call made nothing");
      wait(lease, by, Optional.of(launch.number()), "launch " + launch.number() + " made nothing");
      control.effects().reap(launch.label());
    }
  }

  /**
   * The instance item of a launch that made nothing: the reaper confirms it against the list and
   * releases the money.
   */
  private void closed(LaunchRecord launch, String why) {
    var now = platform.clock().instant();
    instances
        .load(launch.label())
        .ifPresent(r ->
            instances.move(
                r,
                r.value().moved(InstanceRow.State.TERMINATING, Optional.of(now), why),
                List.of()));
  }

  private void wait(Lease lease, String by, Optional<Integer> number, String reason) {
    var now = platform.clock().instant();
    int seconds = Math.min(LONGEST_WAIT_SECONDS, 5 << Math.min(lease.counters().waits(), 7));
    Instant retry = now.plusSeconds(seconds);
    control
        .effects()
        .perform(
            control
                .leases()
                .apply(
                    lease.job(),
                    new JobEvent.Unplaced(now, lease.epoch(), by, number, retry, reason)));
  }

  private List<Offer> ranked(JobSpec spec) {
    var wish =
        new Placement.Wish(
            spec.classes(), spec.providers(), spec.pricing(), spec.maxPriceUsdPerHour());
    var all = new ArrayList<Offer>();
    for (var provider : platform.providers()) {
      if (provider.facts().status().equals("validated")) {
        try {
          all.addAll(provider.offers(wish.classesOrAll()));
        } catch (ProviderFailure e) {
          control
              .log()
              .note("offers failed", provider.facts().name(), String.valueOf(e.getMessage()));
        }
      }
    }
    return Placement.rank(all, wish);
  }
}
