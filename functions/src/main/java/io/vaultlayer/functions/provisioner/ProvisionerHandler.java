package io.vaultlayer.functions.provisioner;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.money.Funding;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.place.Waiting;
import io.vaultlayer.core.port.Provider.Creation;
import io.vaultlayer.core.port.Provider.Refusal;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Batches;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.JobMessage;
import io.vaultlayer.functions.state.Leases;
import java.time.Duration;
import java.time.Instant;
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
  private final Successors successors;

  public ProvisionerHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.market = new Market(platform, control.log());
    this.launches = new Launches(platform, control);
    this.successors = new Successors(platform, control, market, launches);
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
    return result instanceof Leases.Result.Ignored ? Optional.empty() : Optional.of(result.lease());
  }

  // ---- a new launch

  private void launch(Lease first, String by) {
    var spec = control.records().spec(first.job()).orElseThrow();
    var offers = market.ranked(spec);
    if (offers.isEmpty()) {
      wait(first, by, Optional.empty(), "no offer now", again(first));
      return;
    }
    var lease = Optional.of(first);
    int tries = Math.min(offers.size(), MOST_OFFERS);
    for (int i = 0; i < tries && lease.isPresent(); i++) {
      lease = launch(lease.get(), by, offers.get(i), i + 1 == tries);
    }
  }

  /**
   * Tries one offer.
   *
   * @param last no other offer is tried in this look
   * @return the lease, claimed anew, when the place was taken by somebody else and another may be
   *     tried at once
   */
  private Optional<Lease> launch(Lease lease, String by, Offer offer, boolean last) {
    var draft = launches.draft(lease, lease.epoch(), offer, platform.clock().instant());
    var launch = draft.record();
    var intent =
        launches.intend(
            lease, launch, (at, paid) -> new JobEvent.Intend(at, lease.epoch(), by, paid));
    switch (intent) {
      case REFUSED -> {
        return Optional.empty();
      }
      case OVER_BUDGET -> {
        overBudget(lease, launch);
        return Optional.empty();
      }
      case MONEY_HELD -> {
        wait(
            lease,
            by,
            Optional.empty(),
            "its former instances hold the money until they are confirmed gone",
            again(lease));
        return Optional.empty();
      }
      case STORED -> {}
    }
    switch (launches.create(lease, draft)) {
      case Creation.Created created ->
          launches.launched(lease, launch, created.instanceId(), created.machineId());
      case Creation.Ambiguous _ -> resolve(lease, launch, by);
      case Creation.Refused refused -> {
        launches.refused(launch, "the provider refused: " + refused.detail());
        var elsewhere = refused.why() == Refusal.NO_CAPACITY && !last;
        wait(
            lease,
            by,
            Optional.of(launch.number()),
            "refused by " + offer.provider() + ": " + refused.detail(),
            elsewhere ? platform.clock().instant() : again(lease));
        control.effects().reap(launch.label());
        return elsewhere ? claim(lease.job(), by) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private void overBudget(Lease lease, LaunchRecord launch) {
    var why =
        "the budget does not cover %d minutes of the next launch at $%s/h"
            .formatted(Funding.SHORTEST.toMinutes(), launch.usdPerHour());
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
    var event = new JobEvent.Unplaced(now, lease.epoch(), by, number, retryAt, reason);
    control.effects().perform(control.leases().apply(lease.job(), event));
  }

  private Instant again(Lease lease) {
    var chance = (platform.entropy().bytes(1)[0] & 0xff) / 255.0;
    return platform.clock().instant().plus(Waiting.after(lease.counters().waits(), chance));
  }
}
