package io.vaultlayer.core.reap;

import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider.Seen;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.reap.InstanceRow.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What to do about one instance. {@link #decide} is pure: what is known in, a verdict with its
 * reason out. Four rules hold everywhere: whose it is, only the lease says; what exists, only the
 * provider's list says; absence is concluded from a complete list alone, and late enough; an
 * instance under an owned label is ended only while the owner's own is seen beside it.
 */
public final class Reaper {
  /** An owned instance of which something is unusual, or that was just launched. */
  public static final Duration OWNED = Duration.ofMinutes(1);

  /**
   * A living instance with its owner, alone under its label. The inventory finds it within five
   * minutes when its owner has left it or it has vanished, hint or no hint; this look is for what
   * an inventory cannot read. Halved it adds a hundredth to what an instance costs the plane.
   */
  public static final Duration AT_REST = Duration.ofMinutes(30);

  /** A launch whose answer is not known is looked at so often: a lost answer costs so long. */
  public static final Duration AWAITED = Duration.ofSeconds(10);

  /** A provider call's own time limit: an unanswered create may take effect until then. */
  public static final Duration CALL_LIMIT = Duration.ofSeconds(30);

  /**
   * By so much two hosts of the plane may disagree about the time: whoever launched was late by it,
   * whoever asks for the list is early.
   */
  public static final Duration CLOCK_SKEW = Duration.ofSeconds(5);

  /** No pause but that at rest is longer, however often an instance was asked to end. */
  public static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(2);

  /** By then the pauses have added up to some eight minutes. */
  public static final int MOST_TRIES_UNALARMED = 8;

  /** What is reserved for an instance that is there without a grant. */
  private static final double HORIZON_HOURS = 1;

  private Reaper() {}

  /** What follows from this look. */
  public static Verdict decide(Look look) {
    var row = look.row();
    if (row.state() == State.GONE) {
      if (look.shown().isEmpty()) {
        return new Verdict.Nothing(row, Reason.STAYS_GONE);
      }
      return look.isOlderThanTheEnd() ? new Verdict.Nothing(row, Reason.OLD_LIST) : backAgain(look);
    }
    if (!look.providerKnown()) {
      return keepTrying(look, Reason.PROVIDER_UNKNOWN);
    }
    var owner = look.owner();
    return owner.isPresent() ? owned(look, owner.get()) : unowned(look);
  }

  /** An instance with our owner's label that no item knows; looked at again with this item. */
  public static Verdict found(
      InstanceLabel label, String provider, Optional<Lease> lease, Instant now) {
    var text = label.toString();
    var price =
        lease.stream()
            .flatMap(l -> l.launches().stream())
            .filter(l -> l.label().equals(text))
            .mapToDouble(LaunchRecord::usdPerHour)
            .findFirst()
            .orElse(0);
    var row =
        new InstanceRow(
            text,
            label.job(),
            label.epoch(),
            label.launch(),
            provider,
            State.LIVE,
            price,
            now,
            now,
            now,
            0,
            Optional.empty(),
            Optional.of(now),
            0,
            Reason.NO_ITEM.code());
    return new Verdict.Reopen(row, Reason.NO_ITEM, new Booking.Reserve(price * HORIZON_HOURS));
  }

  // ---- somebody owns the label

  private static Verdict owned(Look look, LaunchRecord owner) {
    var shown = look.shown();
    if (look.list().isEmpty()) {
      return keepTrying(look, Reason.OWNED_NO_LIST);
    }
    if (shown.isEmpty() && !look.complete()) {
      return keepTrying(look, Reason.OWNED_PARTIAL_LIST);
    }
    if (owner.instanceId().isEmpty()) {
      return shown.isEmpty()
          ? new Verdict.Keep(
              moved(look, look.row().state(), AWAITED, 0, 0, Reason.AWAITED),
              Reason.AWAITED,
              Booking.NONE)
          : adopt(look, shown);
    }
    var others = shown.stream().filter(s -> !s.instanceId().equals(owner.instanceId().get()));
    var copies = others.map(Seen::instanceId).toList();
    if (copies.size() < shown.size()) {
      return copies.isEmpty() ? alone(look) : beside(look, copies);
    }
    var reason = copies.isEmpty() ? Reason.OWNED_NOT_SHOWN : Reason.OWNED_OTHERS_SHOWN;
    return keep(look, look.row().state(), look.row().copies(), reason, Booking.NONE);
  }

  /** The owner's instance is shown, and no other. */
  private static Verdict alone(Look look) {
    int before = look.row().copies();
    if (before == 0) {
      return new Verdict.Keep(
          moved(look, State.LIVE, AT_REST, 0, 0, Reason.OWNED), Reason.OWNED, Booking.NONE);
    }
    return look.complete()
        ? keep(
            look,
            State.LIVE,
            0,
            Reason.COPIES_GONE,
            new Booking.Spend(before * look.row().usdUntil(look.now())))
        : keepTrying(look, Reason.OWNED_PARTIAL_LIST);
  }

  private static Verdict beside(Look look, List<String> copies) {
    var row = look.row();
    int most = Math.max(row.copies(), copies.size());
    var reason = Reason.COPIES_BESIDE_THE_OWNER;
    var booking = most > row.copies() ? reserve(look, 1 + most) : Booking.NONE;
    var next = moved(look, State.LIVE, pause(row.tries()), row.tries() + 1, most, reason);
    return new Verdict.Terminate(next, reason, booking, copies);
  }

  /** Running before starting, then by id: everybody who looks chooses the same one. */
  private static Verdict adopt(Look look, List<Seen> shown) {
    var one =
        shown.stream()
            .min(
                Comparator.comparing((Seen s) -> s.sighting() != Sighting.RUNNING)
                    .thenComparing(Seen::instanceId))
            .orElseThrow();
    return new Verdict.Adopt(
        moved(look, State.LIVE, AWAITED, 0, look.row().copies(), Reason.ANSWER_LOST),
        Reason.ANSWER_LOST,
        one);
  }

  // ---- nobody owns the label

  private static Verdict unowned(Look look) {
    if (look.list().isEmpty()) {
      return terminate(look, Reason.UNOWNED_NO_LIST);
    }
    if (!look.shown().isEmpty()) {
      return terminate(look, ofShown(look));
    }
    if (!look.complete()) {
      return terminate(look, Reason.UNOWNED_PARTIAL_LIST);
    }
    if (!look.lateEnough()) {
      return terminate(look, Reason.UNOWNED_NOT_YET_VISIBLE);
    }
    var row = look.row();
    return new Verdict.Gone(
        row.gone(look.now(), Reason.LIST_AGREES),
        Reason.LIST_AGREES,
        new Booking.Settle((1 + row.copies()) * row.usdUntil(look.now())));
  }

  private static Reason ofShown(Look look) {
    var row = look.row();
    if (row.state() == State.TERMINATING && row.tries() >= MOST_TRIES_UNALARMED) {
      return Reason.DOES_NOT_END;
    }
    if (row.state() == State.TERMINATING && row.tries() > 0) {
      return Reason.STILL_THERE;
    }
    return look.lease().isEmpty() ? Reason.JOB_UNKNOWN : Reason.NOT_OWNED;
  }

  private static Verdict terminate(Look look, Reason reason) {
    var row = look.row();
    int tries = row.state() == State.TERMINATING ? row.tries() : 0;
    int copies = Math.max(row.copies(), look.shown().size() - 1);
    var booking = copies > row.copies() ? reserve(look, 1 + copies) : Booking.NONE;
    var pause = reason == Reason.UNOWNED_NOT_YET_VISIBLE ? untilVisible(look) : pause(tries);
    var next = moved(look, State.TERMINATING, pause, tries + 1, copies, reason);
    return new Verdict.Terminate(next, reason, booking, List.of());
  }

  /**
   * It was never gone, or is again: the cost since it was said to be gone was not booked, and a
   * budget that is used up is no reason to forget it.
   */
  private static Verdict backAgain(Look look) {
    int copies = look.shown().size() - 1;
    var next = moved(look, State.LIVE, Duration.ZERO, 0, copies, Reason.BACK_AGAIN);
    return new Verdict.Reopen(next, Reason.BACK_AGAIN, reserve(look, 1 + copies));
  }

  // ---- shared pieces

  private static Verdict keep(Look look, State state, int copies, Reason reason, Booking booking) {
    return new Verdict.Keep(moved(look, state, OWNED, 0, copies, reason), reason, booking);
  }

  /** Nothing was learned: the next look comes later each time, and never stops coming. */
  private static Verdict keepTrying(Look look, Reason reason) {
    var row = look.row();
    var next = moved(look, row.state(), pause(row.tries()), row.tries() + 1, row.copies(), reason);
    return new Verdict.Keep(next, reason, Booking.NONE);
  }

  private static InstanceRow moved(
      Look look, State state, Duration pause, int tries, int copies, Reason reason) {
    return look.row().moved(state, look.now().plus(pause), tries, copies, reason);
  }

  private static Booking reserve(Look look, int instances) {
    var row = look.row();
    return new Booking.Reserve(
        instances * (row.usdUntil(look.now()) + row.usdPerHour() * HORIZON_HOURS));
  }

  private static Duration pause(int tries) {
    return atMost(Duration.ofSeconds(2L << Math.min(tries, 8)));
  }

  private static Duration untilVisible(Look look) {
    var left = Duration.between(look.now(), look.row().visibleAt());
    return left.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : atMost(left);
  }

  private static Duration atMost(Duration pause) {
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }
}
