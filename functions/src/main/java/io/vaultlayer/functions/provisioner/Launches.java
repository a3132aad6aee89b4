package io.vaultlayer.functions.provisioner;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.money.Funding;
import io.vaultlayer.core.money.Money;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Provider.Creation;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.reap.InstanceLabel;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.core.reap.Reaper;
import io.vaultlayer.core.watch.Rhythm;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.functions.state.Metrics.Metric;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * One launch from its intent to its instance: recorded, paid and labelled before the create call,
 * and looked for by its label where the answer was lost.
 */
final class Launches {
  /** Tries of one intent while instances of the job are being confirmed gone. */
  private static final int MOST_INTENTS = 8;

  private final Platform platform;
  private final Control control;
  private final Instances instances;

  Launches(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.instances = new Instances(platform);
  }

  /** A launch that is about to be intended; the token is in no log and no row. */
  record Draft(LaunchRecord record, Offer offer, Provider provider, String token) {
    @Override
    public String toString() {
      return "Draft[" + record.label() + "]";
    }
  }

  /** What became of an intent. */
  enum Intent {
    STORED,
    /** The job moved on; somebody else decides. */
    REFUSED,
    /** What is left does not pay the shortest horizon. */
    OVER_BUDGET,
    /** It will, once the job's former instances are confirmed gone. */
    MONEY_HELD
  }

  /** What a look for a label found. */
  sealed interface Look {
    record Found(String instanceId, String machineId) implements Look {}

    /** A complete list, after the provider's window, does not show it. */
    record Nothing() implements Look {}

    record NotKnown() implements Look {}
  }

  /**
   * @param epoch the lease's, or one more for a successor
   * @param from its limit for registering counts from then
   */
  Draft draft(Lease lease, int epoch, Offer offer, Instant from) {
    var provider = platform.provider(offer.provider()).orElseThrow();
    var facts = provider.facts();
    var token =
        "vlb_"
            + Base64.getUrlEncoder().withoutPadding().encodeToString(platform.entropy().bytes(32));
    int beat = Integer.parseInt(platform.variable("BEAT_SECONDS"));
    var rhythm = Rhythm.of(facts, offer.pricing(), beat);
    int number = lease.nextLaunch();
    var record =
        new LaunchRecord(
            epoch,
            number,
            new InstanceLabel(platform.variable("OWNER"), lease.job(), epoch, number).toString(),
            offer.provider(),
            offer.region(),
            offer.gpu().name(),
            offer.present(),
            offer.pricing(),
            offer.usdPerHour(),
            rhythm.beatSeconds(),
            rhythm.leaseSeconds(),
            TokenHash.of(token),
            platform.clock().instant(),
            from.plus(facts.launchLimit()),
            Optional.empty(),
            Optional.empty(),
            Optional.of(offer.machineId()));
    return new Draft(record, offer, provider, token);
  }

  /**
   * The intent: lease, instance item and money in one transaction, before the create call. The
   * money moves whenever an instance of the job is confirmed gone, so it is read again then.
   */
  Intent intend(
      Lease lease, LaunchRecord unpaid, BiFunction<Instant, LaunchRecord, JobEvent> event) {
    for (int tries = 1; ; tries++) {
      var now = platform.clock().instant();
      var money = control.records().money(lease.job());
      var grant = grant(money.value(), unpaid, now);
      if (grant.isEmpty()) {
        return heldElsewhere(money.value(), lease, unpaid, now)
            ? Intent.MONEY_HELD
            : Intent.OVER_BUDGET;
      }
      var paid = money.value().budgetUsd().isPresent() && unpaid.usdPerHour() > 0;
      var launch = paid ? unpaid.funded(grant.get().until()) : unpaid;
      var beside =
          List.of(
              instances.creation(
                  InstanceRow.intended(
                      lease.job(), launch, now, visible(launch, now.plus(Reaper.CALL_LIMIT)))),
              control
                  .records()
                  .moneyWrite(
                      lease.job(),
                      money,
                      money.value().reserve(launch.label(), grant.get().usd())));
      try {
        var happening = event.apply(now, launch);
        var result = control.leases().apply(lease.job(), l -> happening, next -> beside);
        control.effects().perform(result);
        return result instanceof Leases.Result.Ignored ? Intent.REFUSED : Intent.STORED;
      } catch (Leases.BesideRefused e) {
        if (e.index() == 0 || tries >= MOST_INTENTS) {
          control
              .log()
              .note("intent refused", launch.label(), "the instance item or the money moved");
          return Intent.REFUSED;
        }
      }
    }
  }

  /** When a list shows what a create call has made by then. */
  private Instant visible(LaunchRecord launch, Instant made) {
    var window = platform.provider(launch.provider()).map(p -> p.facts().visibility());
    return made.plus(window.orElse(Duration.ofMinutes(1))).plus(Reaper.CLOCK_SKEW);
  }

  /** Nothing is asked of a place that costs nothing, and no budget gives the longest horizon. */
  private static Optional<Funding.Grant> grant(Money money, LaunchRecord launch, Instant now) {
    return launch.usdPerHour() > 0
        ? Funding.first(money.leftUsd(), launch.usdPerHour(), now)
        : Optional.of(new Funding.Grant(0, now));
  }

  /**
   * True when it is the job's own former instances, not yet confirmed gone, that hold the money.
   */
  private static boolean heldElsewhere(Money money, Lease lease, LaunchRecord launch, Instant now) {
    var own = lease.launches().stream().map(LaunchRecord::label).toList();
    var held =
        money.reserved().entrySet().stream()
            .filter(e -> !own.contains(e.getKey()))
            .mapToDouble(Map.Entry::getValue)
            .sum();
    return held > 0 && Funding.first(money.leftUsd() + held, launch.usdPerHour(), now).isPresent();
  }

  /** The create call; everything that it needs to be recognised by was stored before. */
  Creation create(Lease lease, Draft draft) {
    var launch = draft.record();
    var bootstrap =
        new AttemptApi.Bootstrap(
            platform.variable("ENDPOINT"),
            lease.job().value(),
            launch.epoch(),
            launch.number(),
            launch.label(),
            draft.token());
    var creation =
        draft
            .provider()
            .create(new Provider.Launch(launch.label(), draft.offer(), Json.render(bootstrap)));
    switch (creation) {
      case Creation.Refused refused ->
          control
              .log()
              .note("create refused", launch.label(), refused.why() + ": " + refused.detail());
      case Creation.Ambiguous ambiguous -> {
        control.log().note("create ambiguous", launch.label(), ambiguous.detail());
        control.metrics().count(Metric.LAUNCHES_AMBIGUOUS, Optional.of(lease.job()));
        control
            .notes()
            .say(
                lease.job(),
                launch.epoch(),
                "launch_ambiguous",
                launch.label()
                    + ": the create call's answer is not known; it is looked for by its label");
      }
      case Creation.Created _ -> {}
    }
    return creation;
  }

  /** The instance is there. Where the job has moved on meanwhile, it is owed a terminate. */
  void launched(Lease lease, LaunchRecord launch, String instanceId, String machineId) {
    var event =
        new JobEvent.Launched(
            platform.clock().instant(), launch.epoch(), launch.number(), instanceId, machineId);
    var result = control.leases().apply(lease.job(), event);
    var owned = !(result instanceof Leases.Result.Ignored);
    instances
        .load(launch.label())
        .filter(r -> r.value().state() == InstanceRow.State.INTENDED)
        .ifPresent(r -> {
          var now = platform.clock().instant();
          var live = r.value().launched(now, visible(launch, now));
          instances.move(r, owned ? live : live.abandoned(now, "the job moved on"), List.of());
        });
    control.effects().perform(result);
  }

  /**
   * Looks for the label of a launch whose create call's answer is not known. Absence counts only in
   * a complete list, after the provider's window.
   */
  Look look(LaunchRecord launch) {
    var provider = platform.provider(launch.provider());
    if (provider.isEmpty()) {
      return new Look.NotKnown();
    }
    var asked = platform.clock().instant();
    Provider.Inventory inventory;
    try {
      inventory = provider.get().list(platform.variable("OWNER"));
    } catch (ProviderFailure e) {
      control.log().note("list failed", launch.label(), String.valueOf(e.getMessage()));
      return new Look.NotKnown();
    }
    var seen =
        inventory.instances().stream().filter(s -> s.label().equals(launch.label())).findFirst();
    if (seen.isPresent() && seen.get().sighting() != Sighting.GONE) {
      return new Look.Found(seen.get().instanceId(), seen.get().machineId());
    }
    // The call may take effect as late as its own limit.
    var visibleFrom = visible(launch, launch.intendedAt().plus(Reaper.CALL_LIMIT));
    return inventory.complete() && asked.isAfter(visibleFrom)
        ? new Look.Nothing()
        : new Look.NotKnown();
  }

  /**
   * The instance item of a launch that made nothing: the reaper confirms it against the list and
   * releases the money.
   */
  void closed(LaunchRecord launch, String why) {
    move(launch, (row, now) -> row.abandoned(now, why));
  }

  /** Likewise, of one that the provider refused: the next complete list is late enough. */
  void refused(LaunchRecord launch, String why) {
    move(launch, (row, now) -> row.refused(now, why));
  }

  private void move(LaunchRecord launch, BiFunction<InstanceRow, Instant, InstanceRow> how) {
    var now = platform.clock().instant();
    instances
        .load(launch.label())
        .ifPresent(r -> instances.move(r, how.apply(r.value(), now), List.of()));
  }
}
