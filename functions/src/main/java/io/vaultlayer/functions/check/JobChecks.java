package io.vaultlayer.functions.check;

import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.money.Funding;
import io.vaultlayer.core.money.Money;
import io.vaultlayer.core.place.Exclusions;
import io.vaultlayer.core.place.Exclusions.Exclusion;
import io.vaultlayer.functions.state.JobRecords;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What must hold of one job's lease and the records around it, whatever is happening to it. */
final class JobChecks {
  /** Sums of dollars in binary fractions may be off by so much. */
  private static final double ROUNDING_USD = 1e-6;

  private JobChecks() {}

  static List<Finding> of(History history) {
    var findings = new ArrayList<Finding>();
    var lease = history.lease();
    time(lease, findings);
    token(lease, findings);
    launches(lease, findings);
    pointer(history, findings);
    money(history, findings);
    exclusions(history, findings);
    findings.addAll(Replay.of(history));
    return findings;
  }

  /** INV-6. The sweep finds by deadline who is watched, and by the due index everybody else. */
  private static void time(Lease lease, List<Finding> findings) {
    if (lease.state().isWatched() && lease.deadline().isEmpty()) {
      findings.add(new Finding("INV-6", "an instance may own it, but it has no deadline"));
    }
    if (!lease.state().isWatched() && !lease.state().isFinal() && lease.dueAt().isEmpty()) {
      findings.add(new Finding("INV-6", "not ended, but no time at which the sweep acts on it"));
    }
  }

  /** INV-12. */
  private static void token(Lease lease, List<Finding> findings) {
    if (lease.state().isFinal() && lease.token().isPresent()) {
      findings.add(new Finding("INV-12", "ended, but a token is still accepted"));
    }
    if (lease.token().isPresent() && (lease.bound().isEmpty() || !lease.state().isWatched())) {
      findings.add(
          new Finding("INV-12", "a token is accepted, but no launch owns epoch " + lease.epoch()));
    }
  }

  /** INV-8. */
  private static void launches(Lease lease, List<Finding> findings) {
    int epoch = lease.epoch();
    if (count(lease, epoch) > 1) {
      findings.add(new Finding("INV-8", "more than one open launch for epoch " + epoch));
    }
    if (count(lease, epoch + 1) > 1) {
      findings.add(new Finding("INV-8", "more than one successor for epoch " + (epoch + 1)));
    }
    lease.launches().stream()
        .filter(l -> l.epoch() != epoch && l.epoch() != epoch + 1)
        .forEach(
            l -> findings.add(new Finding("INV-8", l.label() + " is open, but its epoch is over")));
    if (lease.bound().isPresent()
        && lease.boundLaunch().filter(l -> l.epoch() == epoch).isEmpty()) {
      findings.add(new Finding("INV-8", "a launch owns epoch " + epoch + " that is not open"));
    }
    if (lease.state().isFinal() && !lease.launches().isEmpty()) {
      findings.add(new Finding("INV-5", "ended, but a launch is still open"));
    }
  }

  private static long count(Lease lease, int epoch) {
    return lease.launches().stream().map(LaunchRecord::epoch).filter(e -> e == epoch).count();
  }

  /** INV-1 and INV-2, as far as the records show them. */
  private static void pointer(History history, List<Finding> findings) {
    var lease = history.lease();
    if (lease.pointer().isEmpty()) {
      return;
    }
    var pointer = lease.pointer().get();
    if (pointer.epoch() > lease.epoch()) {
      findings.add(new Finding("INV-1", "the pointer is of a later epoch than the job"));
    }
    var id = JobRecords.id(pointer);
    if (history.condemned().contains(id)) {
      findings.add(
          new Finding(
              "INV-2", "the pointer names step " + pointer.step() + ", which was condemned"));
    }
    if (history.isWhole() && !history.commits().contains(id)) {
      findings.add(
          new Finding("INV-2", "the pointer's step " + pointer.step() + " has no commit record"));
    }
    var newest =
        history.commits().isEmpty() ? 0 : History.Mark.parse(history.commits().last()).epoch();
    if (newest > lease.epoch()) {
      findings.add(
          new Finding(
              "INV-1", "epoch " + newest + " committed, but the job is at epoch " + lease.epoch()));
    }
  }

  /** INV-9. */
  private static void money(History history, List<Finding> findings) {
    if (history.money().isEmpty()) {
      findings.add(new Finding("INV-9", "its money has no record"));
      return;
    }
    var lease = history.lease();
    var money = history.money().get();
    if (money.isOverGranted()) {
      findings.add(new Finding("INV-9", "more is spent and reserved than the budget grants"));
    }
    lease.launches().forEach(launch -> funded(launch, money, findings));
    if (money.spentUsd() < 0 || money.reserved().values().stream().anyMatch(usd -> usd < 0)) {
      findings.add(new Finding("INV-9", "less than nothing is spent or reserved"));
    }
  }

  /** INV-10: no attempt was placed where its job did not want to go, unless its intent says why. */
  private static void exclusions(History history, List<Finding> findings) {
    if (!history.isWhole()) {
      return;
    }
    for (var attempt : history.attempts().values()) {
      attempt
          .launch()
          .flatMap(l -> excluded(history, attempt.epoch(), l))
          .filter(_ -> history.decisions().stream().noneMatch(d -> d.lifts(attempt.epoch())))
          .ifPresent(e ->
              findings.add(
                  new Finding(
                      "INV-10", "epoch " + attempt.epoch() + " was placed on the excluded " + e)));
    }
  }

  private static Optional<Exclusion> excluded(History history, int epoch, LaunchRecord launch) {
    var at = launch.intendedAt();
    var before =
        history.attempts().values().stream()
            .filter(a -> a.epoch() < epoch && !a.endedAt().isAfter(at))
            .toList();
    return Exclusions.ofAttempts(before, at).stream()
        .filter(e -> e.provider().equals(launch.provider()))
        .filter(e -> e.machineId().equals(launch.machineId()))
        .findFirst();
  }

  /** INV-9: under a budget whatever costs money is paid for up to a time, and that is reserved. */
  private static void funded(LaunchRecord launch, Money money, List<Finding> findings) {
    if (money.budgetUsd().isEmpty() || launch.usdPerHour() <= 0) {
      return;
    }
    if (launch.fundedUntil().isEmpty()) {
      findings.add(
          new Finding("INV-9", launch.label() + " runs under a budget, but nothing is reserved"));
      return;
    }
    var time = Duration.between(launch.intendedAt(), launch.fundedUntil().get());
    if (money.reserved().getOrDefault(launch.label(), 0.0)
        < Funding.cost(time, launch.usdPerHour()) - ROUNDING_USD) {
      findings.add(new Finding("INV-9", launch.label() + " is paid for longer than is reserved"));
    }
  }
}
