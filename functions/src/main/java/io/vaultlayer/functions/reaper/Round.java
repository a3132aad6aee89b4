package io.vaultlayer.functions.reaper;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.money.Money;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.core.port.Provider.Seen;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.reap.Booking;
import io.vaultlayer.core.reap.InstanceLabel;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.core.reap.Look;
import io.vaultlayer.core.reap.Reaper;
import io.vaultlayer.core.reap.Reason;
import io.vaultlayer.core.reap.Verdict;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Crash;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.functions.state.JobRecords.Versioned;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One round of looks. Each provider is asked for its list once, before any lease is read; each
 * verdict is written on the condition that the item has not moved, and only then performed.
 * Whatever is cut short here finds its item due again.
 */
final class Round {
  /** Tries to write one verdict; whoever loses every time finds the item due again. */
  private static final int MOST_TRIES = 8;

  private final Platform platform;
  private final Control control;
  private final Instances instances;
  private final Teller teller;
  private final Map<String, Optional<Inventory>> lists = new HashMap<>();
  private final Set<String> asked = new LinkedHashSet<>();

  Round(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.instances = new Instances(platform);
    this.teller = new Teller(control);
  }

  // ---- one instance item

  /** Looks until the verdict leaves nothing to look at again. */
  void look(String label) {
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      var stored = instances.load(label);
      if (stored.isEmpty()) {
        return;
      }
      var verdict = decide(stored.get().value());
      if (write(stored.get(), verdict) && !perform(stored.get().value(), verdict)) {
        return;
      }
    }
    control.log().note("reap", label, "it moved under " + MOST_TRIES + " looks; it stays due");
  }

  private Verdict decide(InstanceRow row) {
    var provider = platform.provider(row.provider());
    var list = provider.flatMap(this::list);
    var lease = control.leases().load(row.job());
    return Reaper.decide(
        new Look(row, lease, provider.isPresent(), list, platform.clock().instant()));
  }

  private boolean write(Versioned<InstanceRow> stored, Verdict verdict) {
    if (verdict instanceof Verdict.Nothing || atRest(stored.value(), verdict)) {
      return true;
    }
    var late = bookedLate(verdict);
    var written = instances.move(stored, verdict.next(), booked(verdict));
    if (written) {
      teller.tell(verdict, Optional.of(stored.value().why()));
      late.ifPresent(usd -> teller.tellLate(verdict.next(), usd));
    }
    return written;
  }

  /** Nothing was learned about an instance that has a look of its own still to come. */
  private boolean atRest(InstanceRow row, Verdict verdict) {
    return verdict.reason() == Reason.OWNED
        && row.why().equals(Reason.OWNED.code())
        && row.dueAt().filter(at -> at.isAfter(platform.clock().instant())).isPresent();
  }

  /** What an instance cost beyond its reservation because its end was confirmed late. */
  private Optional<Double> bookedLate(Verdict verdict) {
    var row = verdict.next();
    return verdict.booking() instanceof Booking.Settle(double usd)
        ? control
            .records()
            .findMoney(row.job())
            .map(Versioned::value)
            .filter(m -> m.budgetUsd().isPresent() && m.reserved().containsKey(row.label()))
            .map(m -> m.beyond(row.label(), usd))
            .filter(over -> over > Money.ROUNDING)
        : Optional.empty();
  }

  /** True when the item should be looked at once more with what was done. */
  private boolean perform(InstanceRow before, Verdict verdict) {
    return switch (verdict) {
      case Verdict.Keep _, Verdict.Gone _, Verdict.Nothing _ -> false;
      case Verdict.Reopen _ -> true;
      case Verdict.Adopt adopt -> {
        adopt(before, adopt.seen());
        yield false;
      }
      case Verdict.Terminate terminate -> {
        terminate(before, terminate.only());
        yield false;
      }
    };
  }

  /** The launch goes on as if its create call had been answered; refused, the item is due soon. */
  private void adopt(InstanceRow row, Seen seen) {
    var event =
        new JobEvent.Launched(
            platform.clock().instant(),
            row.epoch(),
            row.launch(),
            seen.instanceId(),
            seen.machineId());
    control.effects().perform(control.leases().apply(row.job(), event));
  }

  private void terminate(InstanceRow row, List<String> only) {
    var provider = platform.provider(row.provider()).orElseThrow();
    try {
      if (only.isEmpty()) {
        provider.terminate(row.label());
      }
      only.forEach(id -> provider.terminate(row.label(), id));
      asked.add(row.label());
    } catch (ProviderFailure e) {
      control.log().note("terminate failed", row.label(), String.valueOf(e.getMessage()));
    }
  }

  /** The job's money in the same transaction as the item, where this store knows the job. */
  private List<Write> booked(Verdict verdict) {
    var row = verdict.next();
    if (verdict.booking() instanceof Booking.None) {
      return List.of();
    }
    return control.records().findMoney(row.job()).stream()
        .map(old -> {
          var money = old.value();
          var next =
              switch (verdict.booking()) {
                case Booking.None _ -> money;
                case Booking.Reserve(double usd) -> money.hold(row.label(), usd);
                case Booking.Settle(double usd) -> money.settle(row.label(), usd);
                case Booking.Spend(double usd) -> money.spend(usd);
              };
          return control.records().moneyWrite(row.job(), old, next);
        })
        .toList();
  }

  /**
   * Looks once more at what was asked to end: most providers show at once that it is gone. Only
   * that is written; what is still there comes back when it is due.
   */
  void confirm() {
    lists.clear();
    for (var label : asked) {
      try {
        instances.load(label).ifPresent(this::confirm);
      } catch (RuntimeException e) {
        control.log().note("not confirmed", label, Crash.describe(e));
      }
    }
  }

  private void confirm(Versioned<InstanceRow> stored) {
    var verdict = decide(stored.value());
    if (verdict instanceof Verdict.Gone) {
      for (int tries = 0; tries < MOST_TRIES && !write(stored, verdict); tries++) {
        var moved = instances.load(stored.value().label());
        if (moved.isEmpty() || !(decide(moved.get().value()) instanceof Verdict.Gone gone)) {
          return;
        }
        stored = moved.get();
        verdict = gone;
      }
    }
  }

  // ---- whole inventories

  /**
   * Every instance that carries our owner's label, at every provider; then those that should be
   * there and are not.
   */
  void inventories() {
    for (var provider : platform.providers()) {
      for (var seen : list(provider).map(Inventory::instances).orElse(List.of())) {
        if (seen.sighting() != Sighting.GONE) {
          InstanceLabel.parse(seen.label())
              .filter(label -> label.owner().equals(platform.variable("OWNER")))
              .ifPresent(label -> shown(provider, label));
        }
      }
    }
    new Vanished(instances, control.log(), name -> platform.provider(name).flatMap(this::list))
        .labels(platform.clock().instant())
        .forEach(this::look);
  }

  private void shown(Provider provider, InstanceLabel label) {
    var name = provider.facts().name();
    var stored = instances.load(label.toString());
    if (stored.isPresent() && !stored.get().value().provider().equals(name)) {
      teller.tellStray(label.toString(), name);
      return;
    }
    if (stored.isEmpty()) {
      create(name, label);
    }
    look(label.toString());
  }

  /** Whoever loses against the money every time is found by the next inventory. */
  private void create(String provider, InstanceLabel label) {
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      var lease = control.leases().load(label.job());
      var verdict = Reaper.found(label, provider, lease, platform.clock().instant());
      if (instances.create(verdict.next(), booked(verdict))) {
        teller.tell(verdict, Optional.empty());
        return;
      }
      if (instances.load(label.toString()).isPresent()) {
        return;
      }
    }
  }

  private Optional<Inventory> list(Provider provider) {
    return lists.computeIfAbsent(
        provider.facts().name(),
        name -> {
          try {
            return Optional.of(provider.list(platform.variable("OWNER")));
          } catch (ProviderFailure e) {
            control.log().note("list failed", name, String.valueOf(e.getMessage()));
            return Optional.empty();
          }
        });
  }
}
