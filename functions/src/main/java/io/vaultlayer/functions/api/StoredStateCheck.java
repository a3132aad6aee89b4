package io.vaultlayer.functions.api;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.RecordCodec;
import io.vaultlayer.core.money.Funding;
import io.vaultlayer.core.money.Money;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.wire.Lists;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * The invariants as checkers over stored state ({@code vl check}); see docs/invariants.md for what
 * each one means.
 */
final class StoredStateCheck {
  private final Control control;
  private final Instances instances;
  private final List<Lists.Broken> broken = new ArrayList<>();

  StoredStateCheck(Control control, Instances instances) {
    this.control = control;
    this.instances = instances;
  }

  Lists.Check run(List<Lease> leases, Optional<JobId> only) {
    leases.forEach(this::lease);
    instances(only);
    return new Lists.Check(leases.size(), List.copyOf(broken));
  }

  private void lease(Lease lease) {
    if (!lease.state().isFinal() && lease.dueAt().isEmpty() && lease.deadline().isEmpty()) {
      report(lease.job(), "INV-6", "not ended, but no time at which the sweep acts on it");
    }
    if (lease.state().isFinal() && (lease.token().isPresent() || lease.bound().isPresent())) {
      report(lease.job(), "INV-12", "ended, but a token is still accepted");
    }
    if (lease.launches().stream().filter(l -> l.epoch() == lease.epoch()).count() > 1) {
      report(lease.job(), "INV-8", "more than one open launch for epoch " + lease.epoch());
    }
    if (control.leases().isDoubled(lease.job())) {
      report(lease.job(), "INV-5", "its lease stands among the live and among the ended ones");
    }
    commits(lease);
    var money = control.records().money(lease.job()).value();
    if (money.isOverGranted()) {
      report(lease.job(), "INV-9", "reserved and spent exceed the budget");
    }
    lease.launches().forEach(launch -> funded(lease, launch, money));
    for (var label : money.reserved().keySet()) {
      var row = instances.load(label);
      if (row.isEmpty() || row.get().value().state() == InstanceRow.State.GONE) {
        report(lease.job(), "INV-9", "money is reserved for " + label + ", which is gone");
      }
    }
  }

  /** Under a budget whatever costs money is paid for up to a time, and that is reserved. */
  private void funded(Lease lease, LaunchRecord launch, Money money) {
    if (money.budgetUsd().isEmpty() || launch.usdPerHour() <= 0) {
      return;
    }
    if (launch.fundedUntil().isEmpty()) {
      report(
          lease.job(), "INV-9", launch.label() + " runs under a budget, but nothing is reserved");
      return;
    }
    var time = Duration.between(launch.intendedAt(), launch.fundedUntil().get());
    if (money.reserved().getOrDefault(launch.label(), 0.0)
        < Funding.cost(time, launch.usdPerHour()) - 1e-6) {
      report(lease.job(), "INV-9", launch.label() + " is paid for longer than is reserved");
    }
  }

  private void commits(Lease lease) {
    var condemned = new HashSet<String>();
    control
        .records()
        .rows(lease.job(), "x#")
        .forEach(i -> condemned.add(i.key().sort().substring(2)));
    var all =
        control.records().rows(lease.job(), "c#").stream()
            .filter(i -> !condemned.contains(i.key().sort().substring(2)))
            .map(i -> RecordCodec.parsePointer(Fields.of(i.attributes())))
            .sorted(
                Comparator.comparing(Pointer::committedAt)
                    .thenComparing(Pointer::epoch)
                    .thenComparing(Pointer::step))
            .toList();
    for (int i = 1; i < all.size(); i++) {
      if (all.get(i).epoch() < all.get(i - 1).epoch()) {
        report(
            lease.job(),
            "INV-1",
            "epoch " + all.get(i).epoch() + " committed after epoch " + all.get(i - 1).epoch());
      }
      if (all.get(i).step() <= all.get(i - 1).step() && condemned.isEmpty()) {
        report(
            lease.job(),
            "INV-3",
            "step " + all.get(i).step() + " was committed after step " + all.get(i - 1).step());
      }
    }
    if (lease.pointer().isPresent() && lease.pointer().get().epoch() > lease.epoch()) {
      report(lease.job(), "INV-1", "the pointer is of a later epoch than the job");
    }
  }

  private void instances(Optional<JobId> only) {
    Optional<String> from = Optional.empty();
    int seen = 0;
    do {
      var page = instances.scan(HttpRequest.MOST_LIMIT, from);
      for (var item : page.items()) {
        var row = Instances.parse(item);
        if (only.isEmpty() || only.get().equals(row.job())) {
          if (row.state() != InstanceRow.State.GONE && row.dueAt().isEmpty()) {
            report(
                row.job(),
                "INV-6",
                "instance " + row.label() + " is not confirmed gone and nobody will look at it");
          }
        }
      }
      seen += page.items().size();
      from = page.next();
    } while (from.isPresent() && seen < StoredJobs.MOST_LEASES);
  }

  private void report(JobId job, String invariant, String detail) {
    broken.add(new Lists.Broken(job.value(), invariant, detail));
  }
}
