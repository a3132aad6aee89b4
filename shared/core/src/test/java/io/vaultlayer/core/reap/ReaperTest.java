package io.vaultlayer.core.reap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.port.Provider.Seen;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.reap.InstanceRow.State;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Every reason of the reaper. Run the class as a whole: its last test counts what was walked. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ReaperTest {
  private static final Set<Reason> WALKED = EnumSet.noneOf(Reason.class);
  private static final Instant LATER = Scene.NOON.plus(Duration.ofHours(2));

  private final Lease launched = Scene.launched("i-1");
  private final Lease open = Scene.intended();
  private final Lease ended = Scene.ended();
  private final InstanceRow live = Scene.row().launched(Scene.NOON, Scene.NOON);

  private static Verdict decide(
      InstanceRow row, Optional<Lease> lease, Optional<Inventory> list, Instant now) {
    var verdict = Reaper.decide(new Look(row, lease, true, list, now));
    WALKED.add(verdict.reason());
    assertThat(verdict.next().label()).isEqualTo(row.label());
    assertThat(verdict.next().dueAt().isPresent() || verdict.next().state() == State.GONE)
        .as("INV-6: due, or gone")
        .isTrue();
    var most = verdict.reason() == Reason.OWNED ? Reaper.AT_REST : Reaper.LONGEST_PAUSE;
    verdict.next().dueAt().ifPresent(due -> assertThat(due).isBeforeOrEqualTo(now.plus(most)));
    return verdict;
  }

  private static Verdict decide(InstanceRow row, Lease lease, Inventory list) {
    return decide(row, Optional.of(lease), Optional.of(list), LATER);
  }

  private static Optional<Inventory> complete(Seen... seen) {
    return Optional.of(new Inventory(LATER, true, List.of(seen)));
  }

  private static Inventory partial(Seen... seen) {
    return new Inventory(LATER, false, List.of(seen));
  }

  private static Seen running(String id) {
    return new Seen(Scene.LABEL, id, "m", Sighting.RUNNING);
  }

  private static Seen seen(String id, Sighting sighting) {
    return new Seen(Scene.LABEL, id, "m", sighting);
  }

  // ---- kept

  @Test
  void theOwnersInstanceIsKeptAndLookedAtAgain() {
    for (var sighting : EnumSet.complementOf(EnumSet.of(Sighting.GONE))) {
      var kept = decide(live, launched, complete(seen("i-1", sighting)).orElseThrow());
      assertThat(kept).isInstanceOf(Verdict.Keep.class);
      assertThat(kept.reason()).isEqualTo(Reason.OWNED);
      assertThat(kept.next().dueAt()).contains(LATER.plus(Reaper.AT_REST));
    }
  }

  @Test
  void aSuccessorOfTheNextEpochIsOwnedToo() {
    var row = Scene.successorRow();
    var shown = new Seen(row.label(), "i-2", "m", Sighting.RUNNING);
    var list = Optional.of(new Inventory(LATER, true, List.of(shown)));
    assertThat(decide(row, Optional.of(Scene.drainingWithSuccessor()), list, LATER))
        .isInstanceOf(Verdict.Adopt.class);
  }

  @Test
  void anInstanceThatTheOwnerLostIsTheWatchdogsToJudge() {
    var kept = decide(live, launched, complete().orElseThrow());
    assertThat(kept).isInstanceOf(Verdict.Keep.class);
    assertThat(kept.reason()).isEqualTo(Reason.OWNED_NOT_SHOWN);
    var dead = decide(live, launched, complete(seen("i-1", Sighting.GONE)).orElseThrow());
    assertThat(dead.reason()).isEqualTo(Reason.OWNED_NOT_SHOWN);
  }

  @Test
  void anOpenLaunchIsAwaitedAndLookedAtSoon() {
    var kept = decide(Scene.row(), open, complete().orElseThrow());
    assertThat(kept.reason()).isEqualTo(Reason.AWAITED);
    assertThat(kept.next().state()).isEqualTo(State.INTENDED);
    assertThat(kept.next().dueAt()).contains(LATER.plus(Reaper.AWAITED));
  }

  @Test
  void withoutAListOrWithAPartialOneNothingIsConcludedAboutWhatIsOwned() {
    var none = decide(live, Optional.of(launched), Optional.empty(), LATER);
    assertThat(none).isInstanceOf(Verdict.Keep.class);
    assertThat(none.reason()).isEqualTo(Reason.OWNED_NO_LIST);
    var part = decide(live, launched, partial());
    assertThat(part).isInstanceOf(Verdict.Keep.class);
    assertThat(part.reason()).isEqualTo(Reason.OWNED_PARTIAL_LIST);
  }

  @Test
  void aProviderThatIsNoLongerThereIsAnAlarmAndNoConclusion() {
    for (var lease : List.of(Optional.of(launched), Optional.of(ended), Optional.<Lease>empty())) {
      var verdict = Reaper.decide(new Look(live, lease, false, Optional.empty(), LATER));
      WALKED.add(verdict.reason());
      assertThat(verdict).isInstanceOf(Verdict.Keep.class);
      assertThat(verdict.reason()).isEqualTo(Reason.PROVIDER_UNKNOWN);
      assertThat(verdict.reason().alarming()).isTrue();
    }
  }

  // ---- adopted

  @Test
  void anInstanceThatAnOpenLaunchWaitsForIsAdoptedEvenFromAPartialList() {
    for (var list : List.of(complete(running("i-7")).orElseThrow(), partial(running("i-7")))) {
      var adopted = (Verdict.Adopt) decide(Scene.row(), open, list);
      assertThat(adopted.reason()).isEqualTo(Reason.ANSWER_LOST);
      assertThat(adopted.seen().instanceId()).isEqualTo("i-7");
      assertThat(adopted.next().state()).isEqualTo(State.LIVE);
    }
  }

  @Test
  void ofSeveralUnderAnOpenLaunchEverybodyAdoptsTheSameOne() {
    var one = complete(seen("i-1", Sighting.STARTING), running("i-9"), running("i-3"));
    var other = complete(running("i-3"), running("i-9"), seen("i-1", Sighting.STARTING));
    for (var list : List.of(one, other)) {
      var adopted = (Verdict.Adopt) decide(Scene.row(), Optional.of(open), list, LATER);
      assertThat(adopted.seen().instanceId()).isEqualTo("i-3");
    }
  }

  // ---- copies

  @Test
  void aCopyBesideTheOwnersInstanceIsEndedByItsIdAndItsCostHeld() {
    var list = complete(running("i-0"), running("i-1"), running("i-2")).orElseThrow();
    var ends = (Verdict.Terminate) decide(live, launched, list);
    assertThat(ends.reason()).isEqualTo(Reason.COPIES_BESIDE_THE_OWNER);
    assertThat(ends.only()).containsExactly("i-0", "i-2");
    assertThat(ends.next().state()).isEqualTo(State.LIVE);
    assertThat(ends.next().copies()).isEqualTo(2);
    assertThat(usd(ends.booking())).isCloseTo(3 * (2 * 0.5 + 0.5), within(1e-9));
    var again = (Verdict.Terminate) decide(ends.next(), launched, list);
    assertThat(again.only()).containsExactly("i-0", "i-2");
    assertThat(again.booking()).as("held once").isEqualTo(Booking.NONE);
  }

  @Test
  void oneInstanceShownTwiceIsOne() {
    var list = complete(running("i-1"), running("i-1")).orElseThrow();
    assertThat(decide(live, launched, list).reason()).isEqualTo(Reason.OWNED);
  }

  @Test
  void whatACopyCostIsBookedWhenACompleteListNoLongerShowsIt() {
    var both = complete(running("i-1"), running("i-2")).orElseThrow();
    var with = decide(live, launched, both).next();
    assertThat(decide(with, launched, partial(running("i-1"))).reason())
        .isEqualTo(Reason.OWNED_PARTIAL_LIST);
    var without = decide(with, launched, complete(running("i-1")).orElseThrow());
    assertThat(without.reason()).isEqualTo(Reason.COPIES_GONE);
    assertThat(without.booking()).isEqualTo(new Booking.Spend(1.0));
    assertThat(without.next().copies()).isZero();
  }

  @Test
  void nothingIsEndedUnderAnOwnedLabelWhileTheOwnersInstanceIsNotSeen() {
    for (var list :
        List.of(
            complete(running("i-2")).orElseThrow(),
            complete(running("i-2"), running("i-3")).orElseThrow(),
            partial(running("i-2")))) {
      var kept = decide(live, launched, list);
      assertThat(kept).isInstanceOf(Verdict.Keep.class);
      assertThat(kept.reason()).isEqualTo(Reason.OWNED_OTHERS_SHOWN);
      assertThat(kept.reason().alarming()).isTrue();
    }
  }

  // ---- terminated

  @Test
  void whatNobodyOwnsIsEndedAndNeverBelievedGone() {
    var first = (Verdict.Terminate) decide(live, ended, complete(running("i-1")).orElseThrow());
    assertThat(first.reason()).isEqualTo(Reason.NOT_OWNED);
    assertThat(first.only()).as("everything under the label").isEmpty();
    assertThat(first.next().state()).isEqualTo(State.TERMINATING);
    assertThat(first.next().dueAt()).contains(LATER.plusSeconds(2));
    var again = decide(first.next(), ended, complete(running("i-1")).orElseThrow());
    assertThat(again.reason()).isEqualTo(Reason.STILL_THERE);
    assertThat(again.next().dueAt()).contains(LATER.plusSeconds(4));
  }

  @Test
  void aLongLifeDoesNotSlowTheFirstTerminatesDown() {
    var row = live;
    for (int i = 0; i < 50; i++) {
      row = decide(row, Optional.of(launched), Optional.empty(), LATER).next();
    }
    var first = decide(row, ended, complete(running("i-1")).orElseThrow());
    assertThat(first.next().dueAt()).contains(LATER.plusSeconds(2));
  }

  @Test
  void aTerminateIsTriedForEverAtMostFiveMinutesApartAndPeopleHear() {
    var row = live;
    for (int i = 0; i < 1000; i++) {
      var verdict = decide(row, ended, complete(running("i-1")).orElseThrow());
      assertThat(verdict).isInstanceOf(Verdict.Terminate.class);
      assertThat(verdict.reason().alarming()).isEqualTo(i >= Reaper.MOST_TRIES_UNALARMED);
      row = verdict.next();
    }
    assertThat(row.why()).isEqualTo(Reason.DOES_NOT_END.code());
    assertThat(row.dueAt()).contains(LATER.plus(Reaper.LONGEST_PAUSE));
  }

  @Test
  void anInstanceOfAJobThatNobodyKnowsIsEndedWithAnAlarm() {
    var verdict = decide(live, Optional.empty(), complete(running("i-1")), LATER);
    assertThat(verdict).isInstanceOf(Verdict.Terminate.class);
    assertThat(verdict.reason()).isEqualTo(Reason.JOB_UNKNOWN);
    assertThat(verdict.reason().alarming()).isTrue();
  }

  @Test
  void anUnownedInstanceIsAskedToEndWhetherOrNotTheListCanTellOfIt() {
    var none = decide(live, Optional.of(ended), Optional.empty(), LATER);
    assertThat(none).isInstanceOf(Verdict.Terminate.class);
    assertThat(none.reason()).isEqualTo(Reason.UNOWNED_NO_LIST);
    var part = decide(live, ended, partial());
    assertThat(part).isInstanceOf(Verdict.Terminate.class);
    assertThat(part.reason()).isEqualTo(Reason.UNOWNED_PARTIAL_LIST);
  }

  @Test
  void absenceBeforeTheCreateCanHaveTakenEffectMeansNothing() {
    var early = Scene.NOON.plusSeconds(20);
    var list = Optional.of(new Inventory(early, true, List.of()));
    var verdict = decide(Scene.row(), Optional.of(ended), list, early);
    assertThat(verdict).isInstanceOf(Verdict.Terminate.class);
    assertThat(verdict.reason()).isEqualTo(Reason.UNOWNED_NOT_YET_VISIBLE);
    assertThat(verdict.next().dueAt()).contains(Scene.row().visibleAt());
    // The list counts from when it was asked for, not from when it is looked at.
    assertThat(decide(Scene.row(), Optional.of(ended), list, LATER).reason())
        .isEqualTo(Reason.UNOWNED_NOT_YET_VISIBLE);
  }

  @Test
  void aRefusedCreateIsSettledByTheNextCompleteList() {
    var at = Scene.NOON.plusSeconds(1);
    var row = Scene.row().refused(at, "no capacity");
    var list = Optional.of(new Inventory(at, true, List.of()));
    assertThat(decide(row, Optional.of(ended), list, at)).isInstanceOf(Verdict.Gone.class);
  }

  // ---- gone, and back

  @Test
  void onlyACompleteListConfirmsItGoneAndThatSettlesTheMoneyOnce() {
    for (var list : List.of(complete(), complete(seen("i-1", Sighting.GONE)))) {
      var gone = decide(live, Optional.of(ended), list, LATER);
      assertThat(gone).isInstanceOf(Verdict.Gone.class);
      assertThat(gone.reason()).isEqualTo(Reason.LIST_AGREES);
      assertThat(gone.booking()).isEqualTo(new Booking.Settle(1.0));
      assertThat(gone.next().goneAt()).contains(LATER);
      var after = decide(gone.next(), Optional.of(ended), list, LATER);
      assertThat(after).isInstanceOf(Verdict.Nothing.class);
      assertThat(after.reason()).isEqualTo(Reason.STAYS_GONE);
    }
  }

  @Test
  void aListOlderThanTheEndReopensNothing() {
    var gone = decide(live, Optional.of(ended), complete(), LATER).next();
    var old = Optional.of(new Inventory(LATER.minusSeconds(1), true, List.of(running("i-1"))));
    var late = decide(gone, Optional.of(ended), old, LATER.plusSeconds(1));
    assertThat(late).isInstanceOf(Verdict.Nothing.class);
    assertThat(late.reason()).isEqualTo(Reason.OLD_LIST);
  }

  @Test
  void whatComesBackIsHeldEndedAndPaidForTheTimeItWasThoughtGone() {
    var gone = decide(live, Optional.of(ended), complete(), LATER).next();
    var then = LATER.plus(Duration.ofHours(1));
    var shown = Optional.of(new Inventory(then, true, List.of(running("i-1"))));
    var back = decide(gone, Optional.of(ended), shown, then);
    assertThat(back).isInstanceOf(Verdict.Reopen.class);
    assertThat(back.reason()).isEqualTo(Reason.BACK_AGAIN);
    assertThat(back.reason().alarming()).isTrue();
    assertThat(back.booking()).isEqualTo(new Booking.Reserve(0.5 + 0.5));
    var ends = decide(back.next(), Optional.of(ended), shown, then);
    assertThat(ends).isInstanceOf(Verdict.Terminate.class);
    var end = then.plus(Duration.ofHours(1));
    var empty = Optional.of(new Inventory(end, true, List.of()));
    assertThat(decide(ends.next(), Optional.of(ended), empty, end).booking())
        .as("from when it was said to be gone")
        .isEqualTo(new Booking.Settle(1.0));
  }

  @Test
  void anInstanceThatNoItemKnowsGetsOneAndIsThenLookedAt() {
    var label = InstanceLabel.parse(Scene.LABEL).orElseThrow();
    var found = Reaper.found(label, "fake", Optional.of(launched), LATER);
    WALKED.add(found.reason());
    assertThat(found.reason().alarming()).isTrue();
    assertThat(found.booking()).isEqualTo(new Booking.Reserve(0.5));
    assertThat(decide(found.next(), launched, complete(running("i-1")).orElseThrow()).reason())
        .isEqualTo(Reason.OWNED);
    var orphan = Reaper.found(label, "fake", Optional.empty(), LATER);
    assertThat(decide(orphan.next(), Optional.empty(), complete(running("i-1")), LATER).reason())
        .isEqualTo(Reason.JOB_UNKNOWN);
  }

  @Test
  void onlyWholeLabelsAreRead() {
    assertThat(InstanceLabel.parse(Scene.LABEL)).map(InstanceLabel::toString).contains(Scene.LABEL);
    for (var other :
        List.of("", "vl-", Scene.LABEL + "x", "x" + Scene.LABEL, Scene.LABEL.replace("job_", ""))) {
      assertThat(InstanceLabel.parse(other)).as(other).isEmpty();
    }
  }

  @Test
  void anItemKeepsItsStoredFormAndIsAlwaysDueOrGone() {
    var row = live.abandoned(LATER, "over");
    assertThat(InstanceRow.parse(row.label(), row.attributes())).isEqualTo(row);
    var gone = decide(row, Optional.of(ended), complete(), LATER).next();
    assertThat(InstanceRow.parse(gone.label(), gone.attributes())).isEqualTo(gone);
    var undue = new java.util.LinkedHashMap<>(row.attributes());
    undue.remove("due");
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> InstanceRow.parse(row.label(), undue));
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void everyReasonWasWalked() {
    assertThat(WALKED).containsExactlyInAnyOrder(Reason.values());
  }

  private static double usd(Booking booking) {
    return ((Booking.Reserve) booking).usd();
  }
}
