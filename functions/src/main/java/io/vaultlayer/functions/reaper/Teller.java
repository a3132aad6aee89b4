package io.vaultlayer.functions.reaper;

import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.core.reap.Reason;
import io.vaultlayer.core.reap.Verdict;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Metrics.Metric;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Tells what the reaper's written verdicts came to: alarms to people, what keeps an instance from
 * its end to the job, money that was paid for a late end to the user whose it is.
 */
final class Teller {
  /** Something runs that should not, and no ordinary terminate is on its way to it. */
  private static final Set<Reason> LEAKS =
      EnumSet.of(
          Reason.NO_ITEM,
          Reason.BACK_AGAIN,
          Reason.COPIES_BESIDE_THE_OWNER,
          Reason.OWNED_OTHERS_SHOWN,
          Reason.DOES_NOT_END,
          Reason.PROVIDER_UNKNOWN);

  private final Control control;

  Teller(Control control) {
    this.control = control;
  }

  /**
   * @param before why the item was moved last, so that what only lasts is counted once
   */
  void tell(Verdict verdict, Optional<String> before) {
    var row = verdict.next();
    var reason = verdict.reason();
    if (reason != Reason.OWNED) {
      control
          .log()
          .note(
              reason.alarming() ? "alarm" : "reap",
              row.label(),
              verdict.getClass().getSimpleName() + ": " + reason);
    }
    if (LEAKS.contains(reason) && !before.equals(Optional.of(reason.code()))) {
      control.metrics().count(Metric.LEAKS_FOUND, Optional.of(row.job()));
    }
    toTheJob(reason)
        .ifPresent(why ->
            control
                .notes()
                .say(row.job(), row.epoch(), "reap_" + reason.code(), row.label() + ": " + why));
  }

  /**
   * Why an instance of the job is neither left in peace nor gone; empty for the ordinary course.
   */
  private static Optional<String> toTheJob(Reason reason) {
    return switch (reason) {
      case OWNED, AWAITED, ANSWER_LOST, NOT_OWNED, LIST_AGREES, STAYS_GONE, OLD_LIST ->
          Optional.empty();
      case UNOWNED_NOT_YET_VISIBLE, OWNED_NOT_SHOWN, COPIES_GONE -> Optional.empty();
      case JOB_UNKNOWN -> Optional.empty();
      case OWNED_PARTIAL_LIST, UNOWNED_PARTIAL_LIST ->
          Optional.of("its provider's list lacks pages, so its absence means nothing");
      case OWNED_NO_LIST, UNOWNED_NO_LIST -> Optional.of("its provider gave no list");
      case OWNED_OTHERS_SHOWN ->
          Optional.of("others with its label are shown; none is touched until the lease is fenced");
      case PROVIDER_UNKNOWN -> Optional.of("its provider is not connected, so nobody can end it");
      case STILL_THERE -> Optional.of("asked to end, and still shown; asked again");
      case DOES_NOT_END -> Optional.of("asked to end many times, and still shown; look at it");
      case COPIES_BESIDE_THE_OWNER ->
          Optional.of("made more than once; the owner's is kept, the others are ended");
      case BACK_AGAIN -> Optional.of("confirmed gone, and shown again; it is ended");
      case NO_ITEM -> Optional.of("shown by its provider, but nobody had stored it");
    };
  }

  /** Alarmed, and shown to the user whose budget it exceeds. */
  void tellLate(InstanceRow row, double usd) {
    var text =
        "instance %s cost $%.4f beyond what was reserved: its end was confirmed late"
            .formatted(row.label(), usd);
    control.log().note("alarm", row.label(), text);
    control.metrics().gauge(Metric.UNCONFIRMED_USD, usd);
    control.records().warnings(row.job(), row.epoch(), List.of(text));
  }

  /** An instance that carries our label at a provider where none was asked for. */
  void tellStray(String label, String provider) {
    control.log().note("alarm", label, provider + " shows it, and it was never asked for there");
    control.metrics().count(Metric.LEAKS_FOUND, Optional.empty());
  }
}
