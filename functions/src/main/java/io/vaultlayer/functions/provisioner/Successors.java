package io.vaultlayer.functions.provisioner;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.place.Exclusions.Exclusion;
import io.vaultlayer.core.place.HourlyPrice;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.place.Waiting;
import io.vaultlayer.core.port.Provider.Creation;
import io.vaultlayer.core.port.Provider.Refusal;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The instance that takes over from one which drains: asked for as soon as the notice is told, so
 * that it boots meanwhile. Until the fence its register is answered <i>not yet</i>. Whoever dies in
 * between leaves a due time in the lease, and the sweep asks again.
 */
final class Successors {
  /** A create call takes 30 s at most; its answer is looked for by label only after that. */
  private static final Duration CREATE_LIMIT = Duration.ofSeconds(35);

  private final Platform platform;
  private final Control control;
  private final Market market;
  private final Launches launches;
  private final Bars bars;

  Successors(Platform platform, Control control, Market market, Launches launches, Bars bars) {
    this.platform = platform;
    this.control = control;
    this.market = market;
    this.launches = launches;
    this.bars = bars;
  }

  /** Brings the draining job's successor on, if anything is due. */
  void prepare(Lease lease) {
    var now = platform.clock().instant();
    if (lease.dueAt().filter(at -> !at.isAfter(now)).isEmpty()) {
      return;
    }
    var declared = lease.successor();
    if (declared.isPresent()) {
      resolve(lease, declared.get());
    } else {
      declare(lease);
    }
  }

  private void declare(Lease first) {
    var spec = control.records().spec(first.job()).orElseThrow();
    var choice = market.choose(first, spec, reclaimed(first)).choice();
    if (choice.offers().isEmpty()) {
      var why = "no offer for a successor now";
      none(first, choice.note().isEmpty() ? why : why + "; " + choice.note(), again(first));
      return;
    }
    var lease = first;
    var offers = choice.offers();
    for (var offer : offers.subList(0, Math.min(offers.size(), ProvisionerHandler.MOST_OFFERS))) {
      if (!declare(lease, offer, choice.note())) {
        return;
      }
      lease = control.leases().load(lease.job()).orElseThrow();
    }
  }

  /** Not on the machine that is being taken away, unless there is no other. */
  private List<Exclusion> reclaimed(Lease lease) {
    return lease.boundLaunch().stream()
        .filter(l -> l.machineId().isPresent())
        .map(l -> new Exclusion(l.provider(), l.machineId(), Instant.MAX, "it is being taken away"))
        .toList();
  }

  /** True when this offer was taken by somebody else, so that the next one may be tried. */
  private boolean declare(Lease lease, Offer offer, String note) {
    var now = platform.clock().instant();
    var limitFrom = lease.drainEnd().filter(now::isBefore).orElse(now);
    var draft = launches.draft(lease, lease.epoch() + 1, offer, limitFrom);
    var intent =
        launches.intend(
            lease,
            draft.record(),
            (at, paid) ->
                new JobEvent.PrepareSuccessor(
                    at, lease.epoch(), paid, at.plus(CREATE_LIMIT), note));
    return switch (intent) {
      case REFUSED -> false;
      case OVER_BUDGET -> {
        none(
            lease,
            "the budget does not cover a successor at "
                + HourlyPrice.text(offer.usdPerHour())
                + " beside this one",
            lease.drainEnd().orElse(now));
        yield false;
      }
      case MONEY_HELD -> {
        none(lease, "former instances of the job hold the money for a successor", again(lease));
        yield false;
      }
      case STORED -> create(lease, draft);
    };
  }

  private boolean create(Lease lease, Launches.Draft draft) {
    var launch = draft.record();
    return switch (launches.create(lease, draft)) {
      case Creation.Created created -> {
        launches.launched(lease, launch, created.instanceId(), created.machineId());
        yield false;
      }
      case Creation.Refused refused -> {
        bars.bar(lease, launch.provider(), refused);
        var elsewhere = refused.why() == Refusal.NO_CAPACITY;
        var why = "refused by " + launch.provider() + ": " + refused.detail();
        launches.refused(launch, why);
        tell(
            lease,
            Optional.of(launch.number()),
            why,
            elsewhere ? platform.clock().instant() : again(lease));
        yield elsewhere;
      }
      case Creation.Ambiguous _ -> {
        resolve(lease, launch);
        yield false;
      }
    };
  }

  private void resolve(Lease lease, LaunchRecord launch) {
    switch (launches.look(launch)) {
      case Launches.Look.Found found -> {
        if (launch.instanceId().isEmpty()) {
          launches.launched(lease, launch, found.instanceId(), found.machineId());
        } else if (!launch.expiresAt().isAfter(platform.clock().instant())) {
          close(lease, launch, "it did not register in time", again(lease));
        }
      }
      case Launches.Look.Nothing _ ->
          close(lease, launch, "successor " + launch.number() + " made nothing", again(lease));
      case Launches.Look.NotKnown _ -> {}
    }
  }

  private void close(Lease lease, LaunchRecord launch, String why, Instant retryAt) {
    launches.closed(launch, why);
    tell(lease, Optional.of(launch.number()), why, retryAt);
  }

  private void none(Lease lease, String why, Instant retryAt) {
    tell(lease, Optional.empty(), why, retryAt);
  }

  private void tell(Lease lease, Optional<Integer> number, String why, Instant retryAt) {
    var event =
        new JobEvent.Unplaced(
            platform.clock().instant(), lease.epoch(), "successor", number, retryAt, why);
    control.effects().perform(control.leases().apply(lease.job(), event));
  }

  private Instant again(Lease lease) {
    var chance = (platform.entropy().bytes(1)[0] & 0xff) / 255.0;
    return platform.clock().instant().plus(Waiting.after(lease.counters().waits(), chance));
  }
}
