package io.vaultlayer.functions.provisioner;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Why;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.money.Funding;
import io.vaultlayer.core.place.HourlyPrice;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.place.Waiting;
import io.vaultlayer.core.port.Provider.Creation;
import io.vaultlayer.core.port.Provider.Refusal;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Batches;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.JobMessage;
import io.vaultlayer.functions.state.JobSpec;
import io.vaultlayer.functions.state.Leases;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Places one job. Runs as often as anybody likes: the claim lets one through, the intent is stored
 * before the create call, and an unreadable answer is resolved by label, never by creating again.
 */
public final class ProvisionerHandler {
  /** Long enough for offers and a few create calls; a dead provisioner's job waits so long. */
  static final Duration CLAIM = Duration.ofSeconds(60);

  /** Offers tried in one look, each with an intent of its own: more outlast the claim. */
  static final int MOST_OFFERS = 3;

  private final Platform platform;
  private final Control control;
  private final Market market;
  private final Launches launches;
  private final Bars bars;
  private final Salvages salvages;
  private final Successors successors;

  public ProvisionerHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.market = new Market(platform, control);
    this.bars = new Bars(platform, control);
    this.salvages = new Salvages(platform, control);
    this.launches = new Launches(platform, control);
    this.successors = new Successors(platform, control, market, launches, bars);
  }

  public Map<String, Object> handle(Map<String, Object> event) {
    return Batches.handle(
        event, control.log(), body -> JobMessage.job(body).ifPresent(this::place));
  }

  /** Places the job, or the successor of one that drains, if it is due; does nothing otherwise. */
  public void place(JobId job) {
    var loaded = control.leases().load(job);
    if (loaded.isEmpty()) {
      control.log().note("unknown job", job.value(), "asked to place it");
      return;
    }
    if (loaded.get().state() == JobState.SAVING) {
      successors.prepare(loaded.get());
      return;
    }
    var by = HexFormat.of().formatHex(platform.entropy().bytes(8));
    var claimed = claim(job, by);
    if (claimed.isEmpty()) {
      return;
    }
    var open = claimed.get().currentLaunch();
    if (open.isPresent()) {
      resolve(claimed.get(), open.get(), by);
    } else {
      launch(claimed.get(), by);
    }
  }

  private Optional<Lease> claim(JobId job, String by) {
    var now = platform.clock().instant();
    var result =
        control
            .leases()
            .apply(
                job, l -> new JobEvent.Claim(now, l.epoch(), by, now.plus(CLAIM)), l -> List.of());
    if (result instanceof Leases.Result.Ignored ignored) {
      if (ignored.why() == Why.CLAIMED_BY_OTHER) {
        var until = ignored.lease().claim().map(c -> " until " + c.until()).orElse("");
        control
            .notes()
            .say(
                job,
                ignored.lease().epoch(),
                ignored.why().code(),
                "another provisioner places it" + until);
      }
      return Optional.empty();
    }
    return Optional.of(result.lease());
  }

  // ---- a new launch

  private void launch(Lease claimed, String by) {
    var first = salvages.look(claimed);
    var spec = control.records().spec(first.job()).orElseThrow();
    var found = market.choose(first, spec, List.of());
    var choice = found.choice();
    var notTaken = new ArrayList<String>(List.of(found.told()));
    var offers = new ArrayDeque<>(choice.offers());
    if (offers.isEmpty()) {
      var next = again(first);
      wait(first, by, Optional.empty(), with("no offer now", choice.note()), next);
      tellWaiting(first, notTaken, next);
      return;
    }
    var lease = first;
    var tooDear = Optional.<LaunchRecord>empty();
    var later = Optional.<String>empty();
    for (int tries = 1; tries <= MOST_OFFERS && !offers.isEmpty(); tries++) {
      var offer = offers.removeFirst();
      var draft = launches.draft(lease, lease.epoch(), offer, platform.clock().instant());
      switch (tryOffer(lease, by, draft, choice.note())) {
        case Tried.Over _ -> {
          return;
        }
        case Tried.TooDear _ -> {
          tooDear = Optional.of(draft.record());
          notTaken.add(name(offer) + ": beyond what is left of the budget");
        }
        case Tried.Held _ -> {
          later = Optional.of("its former instances hold the money until they are confirmed gone");
          notTaken.add(name(offer) + ": the money for it is still held by former instances");
        }
        case Tried.Refused(var refused) -> {
          if (bars.bar(lease, offer.provider(), refused)) {
            offers.removeIf(o -> o.provider().equals(offer.provider()));
          }
          var said = "refused by " + offer.provider() + ": " + refused.detail();
          notTaken.add(name(offer) + ": refused: " + refused.detail());
          var more = refused.why() != Refusal.THROTTLED && tries < MOST_OFFERS && !offers.isEmpty();
          var next = more ? platform.clock().instant() : again(first);
          wait(lease, by, Optional.of(draft.record().number()), said, next);
          if (!more) {
            tellWaiting(lease, notTaken, next);
          }
          control.effects().reap(draft.record().label());
          var again = more ? claim(lease.job(), by) : Optional.<Lease>empty();
          if (again.isEmpty()) {
            return;
          }
          lease = again.get();
          later = Optional.of(said);
        }
      }
    }
    if (later.isEmpty() && tooDear.isPresent()) {
      overBudget(lease, tooDear.get());
    } else {
      var next = again(first);
      wait(lease, by, Optional.empty(), later.orElse("no offer could be taken"), next);
      tellWaiting(lease, notTaken, next);
    }
  }

  private static String name(Offer offer) {
    return "%s %s %s at %s"
        .formatted(
            offer.provider(),
            offer.gpu().name(),
            offer.pricing(),
            HourlyPrice.text(offer.usdPerHour()));
  }

  /** What was looked at and not taken; the decision itself keeps only the last reason. */
  private void tellWaiting(Lease lease, List<String> notTaken, Instant next) {
    control
        .notes()
        .say(
            lease.job(),
            lease.epoch(),
            "waiting_for_capacity",
            "next look at "
                + next.truncatedTo(ChronoUnit.SECONDS)
                + "; "
                + String.join("; ", notTaken));
  }

  private static String with(String reason, String note) {
    return note.isEmpty() ? reason : reason + "; " + note;
  }

  /** What came of one offer. */
  private sealed interface Tried {
    /** Placed, or somebody else decides now. */
    record Over() implements Tried {}

    record TooDear() implements Tried {}

    /** The money for it is still bound. */
    record Held() implements Tried {}

    record Refused(Creation.Refused answer) implements Tried {}
  }

  private Tried tryOffer(Lease lease, String by, Launches.Draft draft, String note) {
    var launch = draft.record();
    var intent =
        launches.intend(
            lease, launch, (at, paid) -> new JobEvent.Intend(at, lease.epoch(), by, paid, note));
    return switch (intent) {
      case REFUSED -> new Tried.Over();
      case OVER_BUDGET -> new Tried.TooDear();
      case MONEY_HELD -> new Tried.Held();
      case STORED -> created(lease, by, draft);
    };
  }

  private Tried created(Lease lease, String by, Launches.Draft draft) {
    var launch = draft.record();
    switch (launches.create(lease, draft)) {
      case Creation.Created created ->
          launches.launched(lease, launch, created.instanceId(), created.machineId());
      case Creation.Ambiguous _ -> resolve(lease, launch, by);
      case Creation.Refused refused -> {
        launches.refused(launch, "the provider refused: " + refused.detail());
        return new Tried.Refused(refused);
      }
    }
    return new Tried.Over();
  }

  private void overBudget(Lease lease, LaunchRecord launch) {
    var why =
        "the budget does not cover %d minutes of the next launch at %s"
            .formatted(Funding.SHORTEST.toMinutes(), HourlyPrice.text(launch.usdPerHour()));
    var stop = new JobEvent.Stop(platform.clock().instant(), "budget", why);
    control.effects().perform(control.leases().apply(lease.job(), stop));
  }

  // ---- an open launch whose answer is not known

  /** Found: go on with it. Not found within the provider's window: come back. After it: closed. */
  private void resolve(Lease lease, LaunchRecord launch, String by) {
    switch (launches.look(launch)) {
      case Launches.Look.Found found ->
          launches.launched(lease, launch, found.instanceId(), found.machineId());
      case Launches.Look.NotKnown _ -> {}
      case Launches.Look.Nothing _ -> {
        launches.closed(launch, "its create call made nothing");
        wait(
            lease,
            by,
            Optional.of(launch.number()),
            "launch " + launch.number() + " made nothing",
            again(lease));
        control.effects().reap(launch.label());
      }
    }
  }

  private void wait(
      Lease lease, String by, Optional<Integer> number, String reason, Instant retryAt) {
    var now = platform.clock().instant();
    var patience =
        control.records().spec(lease.job()).flatMap(JobSpec::maxWait).orElse(Waiting.LIMIT);
    var giveUpAt = lease.run().owedSince().plus(patience);
    var event = new JobEvent.Unplaced(now, lease.epoch(), by, number, retryAt, giveUpAt, reason);
    control.effects().perform(control.leases().apply(lease.job(), event));
  }

  private Instant again(Lease lease) {
    var chance = (platform.entropy().bytes(1)[0] & 0xff) / 255.0;
    return platform.clock().instant().plus(Waiting.after(lease.counters().waits(), chance));
  }
}
