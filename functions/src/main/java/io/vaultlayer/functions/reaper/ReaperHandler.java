package io.vaultlayer.functions.reaper;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.core.port.Provider.Seen;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Batches;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.InstanceRow;
import io.vaultlayer.functions.state.InstanceRow.State;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.functions.state.JobRecords;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Looks at instances: first the provider's whole list, then the lease, then adopt or destroy. A
 * terminate is never believed; it is repeated until a complete list no longer shows the instance,
 * and only then is the money released.
 */
public final class ReaperHandler {
  /** A living, owned instance is looked at so often, whatever events were lost. */
  static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  private static final int LONGEST_PAUSE_SECONDS = 300;

  /** Tries of the write that confirms an instance gone. */
  private static final int MOST_TRIES = 8;

  private static final Pattern LABEL =
      Pattern.compile("vl-([a-z0-9]{1,16})-(job_[0-9a-z]{26})-e(\\d{1,9})-(\\d{1,6})");
  private final Platform platform;
  private final Control control;
  private final Instances instances;

  public ReaperHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.instances = new Instances(platform);
  }

  public Map<String, Object> handle(Map<String, Object> event) {
    return Batches.handle(event, control.log(), this::message);
  }

  private void message(String body) {
    var what = Json.tree(body).path("reap").asText("");
    if (what.equals("inventory")) {
      platform.providers().forEach(this::inventory);
    } else if (LABEL.matcher(what).matches()) {
      instances.load(what).ifPresent(this::look);
    }
  }

  // ---- one instance item

  private void look(JobRecords.Versioned<InstanceRow> stored) {
    var row = stored.value();
    if (row.state() == State.GONE) {
      return;
    }
    var now = platform.clock().instant();
    var provider = platform.provider(row.provider());
    var inventory = provider.flatMap(this::list);
    if (inventory.isEmpty()) {
      again(stored, now, "its provider gave no list");
      return;
    }
    var seen =
        inventory.get().instances().stream().filter(s -> s.label().equals(row.label())).findFirst();
    boolean exists = seen.filter(s -> s.sighting() != Sighting.GONE).isPresent();
    boolean visible = now.isAfter(row.intendedAt().plus(provider.get().facts().visibility()));
    if (!exists && inventory.get().complete() && visible && !owned(row)) {
      gone(stored, now);
    } else if (owned(row)) {
      var state = exists ? State.LIVE : row.state();
      instances.move(
          stored,
          row.moved(state, Optional.of(now.plus(LOOK_AGAIN)), "owned by its job"),
          List.of());
    } else {
      terminate(stored, provider.get(), now);
    }
  }

  private void terminate(JobRecords.Versioned<InstanceRow> stored, Provider provider, Instant now) {
    var row = stored.value();
    var next = row.moved(State.TERMINATING, Optional.of(now.plus(pause(row))), "nobody owns it");
    if (!instances.move(stored, next, List.of())) {
      return;
    }
    try {
      provider.terminate(row.label());
    } catch (ProviderFailure e) {
      control.log().note("terminate failed", row.label(), String.valueOf(e.getMessage()));
      return;
    }
    control.log().note("terminate asked", row.label(), "try " + (next.tries() + 1));
    var after = list(provider);
    var still =
        after
            .map(i ->
                !i.complete()
                    || i.instances().stream()
                        .anyMatch(
                            s -> s.label().equals(row.label()) && s.sighting() != Sighting.GONE))
            .orElse(true);
    if (!still) {
      instances
          .load(row.label())
          .filter(r -> r.value().state() == State.TERMINATING)
          .ifPresent(r -> gone(r, platform.clock().instant()));
    }
  }

  /**
   * The write that confirms the instance gone releases its money, once. The money moves while the
   * job's next launch is intended, so both are read again then; whoever loses every time finds the
   * row due again.
   */
  private void gone(JobRecords.Versioned<InstanceRow> first, Instant now) {
    var stored = Optional.of(first);
    for (int tries = 0; tries < MOST_TRIES && stored.isPresent(); tries++) {
      var row = stored.get().value();
      if (row.state() == State.GONE || tries > 0 && owned(row)) {
        return;
      }
      double hours = Duration.between(row.intendedAt(), now).toMillis() / 3_600_000.0;
      if (instances.move(
          stored.get(),
          row.gone(now, "the provider's list no longer shows it"),
          released(row, row.usdPerHour() * hours))) {
        control.log().note("gone", row.label(), "confirmed by a complete list");
        return;
      }
      stored = instances.load(row.label());
    }
    stored.ifPresent(left -> again(left, now, "its row or the money moved"));
  }

  private List<Write> released(InstanceRow row, double usd) {
    return control.records().findMoney(row.job()).stream()
        .filter(m -> m.value().reserved().containsKey(row.label()))
        .map(m -> control.records().moneyWrite(row.job(), m, m.value().settle(row.label(), usd)))
        .toList();
  }

  private void again(JobRecords.Versioned<InstanceRow> stored, Instant now, String why) {
    var row = stored.value();
    instances.move(
        stored, row.moved(row.state(), Optional.of(now.plus(pause(row))), why), List.of());
  }

  private static Duration pause(InstanceRow row) {
    return Duration.ofSeconds(Math.min(LONGEST_PAUSE_SECONDS, 2L << Math.min(row.tries(), 8)));
  }

  private boolean owned(InstanceRow row) {
    return control.leases().load(row.job()).filter(l -> owns(l, row.label())).isPresent();
  }

  private static boolean owns(Lease lease, String label) {
    return !lease.state().isFinal()
        && lease.launches().stream().anyMatch(l -> l.label().equals(label));
  }

  // ---- a provider's whole inventory

  private void inventory(Provider provider) {
    var list = list(provider);
    if (list.isEmpty()) {
      return;
    }
    for (var seen : list.get().instances()) {
      if (seen.sighting() != Sighting.GONE) {
        adoptOrDestroy(provider, seen);
      }
    }
  }

  /** An instance that carries our owner's label but that no item knows, or whose item says gone. */
  private void adoptOrDestroy(Provider provider, Seen seen) {
    var label = LABEL.matcher(seen.label());
    if (!label.matches()
        || !label.group(1).equals(platform.variable("OWNER"))
        || !JobId.looksLike(label.group(2))) {
      return;
    }
    var stored = instances.load(seen.label());
    var now = platform.clock().instant();
    var row =
        new InstanceRow(
            seen.label(),
            new JobId(label.group(2)),
            Integer.parseInt(label.group(3)),
            Integer.parseInt(label.group(4)),
            provider.facts().name(),
            State.LIVE,
            0,
            now,
            Optional.empty(),
            Optional.of(now),
            0,
            "found by the reaper");
    if (stored.isEmpty()) {
      control.log().note("alarm", seen.label(), "an instance that no item knows");
      instances.create(row);
    } else if (stored.get().value().state() == State.GONE) {
      control
          .log()
          .note("alarm", seen.label(), "an instance that was confirmed gone is there again");
      instances.move(stored.get(), row, List.of());
    }
    instances.load(seen.label()).ifPresent(this::lookIfPossible);
  }

  private void lookIfPossible(JobRecords.Versioned<InstanceRow> stored) {
    if (control.leases().load(stored.value().job()).isPresent()) {
      look(stored);
    } else {
      platform.provider(stored.value().provider()).ifPresent(p -> orphan(stored, p));
    }
  }

  /** Our label, but a job that this store has never heard of: nobody can own it. */
  private void orphan(JobRecords.Versioned<InstanceRow> stored, Provider provider) {
    terminate(stored, provider, platform.clock().instant());
  }

  private Optional<Inventory> list(Provider provider) {
    try {
      return Optional.of(provider.list(platform.variable("OWNER")));
    } catch (ProviderFailure e) {
      control.log().note("list failed", provider.facts().name(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }
}
