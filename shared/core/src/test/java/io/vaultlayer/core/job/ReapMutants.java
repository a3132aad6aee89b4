package io.vaultlayer.core.job;

import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.reap.Booking;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.core.reap.InstanceRow.State;
import io.vaultlayer.core.reap.Look;
import io.vaultlayer.core.reap.Reaper;
import io.vaultlayer.core.reap.Reason;
import io.vaultlayer.core.reap.Verdict;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The reaper with one look left out, or one thing done too early. */
record ReapMutants(String name, Judge judge, ReapBounds bounds) {
  private static final ReapBounds PLAIN = new ReapBounds(2, 2, 2, false, false, false, 0);
  private static final ReapBounds COPIES = new ReapBounds(1, 2, 1, true, false, false, 0);
  private static final ReapBounds LATE = new ReapBounds(1, 2, 2, false, true, false, 1);
  private static final ReapBounds MOVES = new ReapBounds(2, 2, 2, false, false, true, 0);

  @Override
  public String toString() {
    return name;
  }

  static List<ReapMutants> all() {
    return List.of(
        new ReapMutants("no reaper", l -> keep(l.row(), Reason.OWNED), PLAIN),
        new ReapMutants("a terminate is believed when it was accepted", believing(), PLAIN),
        new ReapMutants("absence from a partial list counts", l -> on(l, whole(l)), PLAIN),
        new ReapMutants("absence counts before the window has passed", early(), PLAIN),
        new ReapMutants("only the first under a label is looked at", firstOnly(), COPIES),
        new ReapMutants("a copy is ended while the owner's is not shown", eager(), COPIES),
        new ReapMutants("what was confirmed gone is never looked at again", forgetting(), LATE),
        new ReapMutants("what comes back is not paid for", unpaid(), LATE),
        new ReapMutants("the terminate releases the money", releasing(), PLAIN),
        new ReapMutants("nothing is adopted", orphaning(), PLAIN),
        new ReapMutants("a successor is nobody's", disowning(), MOVES));
  }

  private static Verdict keep(InstanceRow row, Reason reason) {
    return new Verdict.Keep(row, reason, Booking.NONE);
  }

  private static Verdict gone(Look look) {
    var empty = new Inventory(ModelWorld.LATE, true, List.of());
    return Reaper.decide(
        new Look(look.row(), Optional.empty(), true, Optional.of(empty), look.now()));
  }

  private static Judge believing() {
    return look -> {
      var verdict = Reaper.decide(look);
      var accepted = look.row().state() == State.TERMINATING && look.row().tries() > 0;
      return accepted && verdict instanceof Verdict.Terminate ? gone(look) : verdict;
    };
  }

  private static Verdict on(Look look, Optional<Inventory> list) {
    return Reaper.decide(new Look(look.row(), look.lease(), true, list, look.now()));
  }

  private static Optional<Inventory> whole(Look look) {
    return look.list().map(l -> new Inventory(l.askedAt(), true, l.instances()));
  }

  private static Judge early() {
    return look ->
        on(look, look.list().map(l -> new Inventory(ModelWorld.LATE, l.complete(), l.instances())));
  }

  private static Judge firstOnly() {
    return look -> {
      var first =
          look.list().stream()
              .flatMap(l -> l.instances().stream())
              .filter(s -> s.label().equals(look.row().label()))
              .limit(1)
              .toList();
      return on(look, look.list().map(l -> new Inventory(l.askedAt(), l.complete(), first)));
    };
  }

  private static Judge wrapping(UnaryOperator<Verdict> change) {
    return look -> change.apply(Reaper.decide(look));
  }

  private static Judge eager() {
    return wrapping(v ->
        v.reason() == Reason.OWNED_OTHERS_SHOWN
            ? new Verdict.Terminate(v.next(), v.reason(), Booking.NONE, List.of())
            : v);
  }

  private static Judge forgetting() {
    return wrapping(
        v -> v instanceof Verdict.Reopen ? new Verdict.Nothing(v.next(), v.reason()) : v);
  }

  private static Judge unpaid() {
    return wrapping(v ->
        v instanceof Verdict.Reopen ? new Verdict.Reopen(v.next(), v.reason(), Booking.NONE) : v);
  }

  private static Judge releasing() {
    return wrapping(v ->
        v instanceof Verdict.Terminate t && t.only().isEmpty()
            ? new Verdict.Terminate(t.next(), t.reason(), new Booking.Settle(1), t.only())
            : v);
  }

  private static Judge orphaning() {
    return wrapping(v -> v instanceof Verdict.Adopt ? keep(v.next(), Reason.AWAITED) : v);
  }

  private static Judge disowning() {
    return look -> {
      var alone =
          look.lease()
              .map(l -> {
                var draft = l.draftAt(l.sequence());
                draft.launches.removeIf(n -> n.epoch() > l.epoch());
                return draft.build();
              });
      return Reaper.decide(new Look(look.row(), alone, true, look.list(), look.now()));
    };
  }
}
