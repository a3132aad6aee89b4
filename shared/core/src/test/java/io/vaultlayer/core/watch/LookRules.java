package io.vaultlayer.core.watch;

import static io.vaultlayer.core.watch.Attempts.LEASE;
import static io.vaultlayer.core.watch.Attempts.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.FenceCause;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.core.watch.Verdict.Fence;
import io.vaultlayer.core.watch.Verdict.Leave;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** One lease, one look. */
abstract class LookRules {
  private static final Sight RUNNING = shown(Sighting.RUNNING);
  private static final Sight NOT_SHOWN = Sight.listed(true, Optional.empty(), true);
  private static final Sight TOO_YOUNG = Sight.listed(true, Optional.empty(), false);
  private static final Sight PARTIAL = Sight.listed(false, Optional.empty(), true);

  private static Sight shown(Sighting sighting) {
    return Sight.listed(true, Optional.of(sighting), true);
  }

  private static Instant after(long seconds) {
    return START.plusSeconds(seconds);
  }

  private static Fence fence(Verdict verdict, Reason reason) {
    assertThat(verdict.reason()).isEqualTo(reason);
    return (Fence) verdict;
  }

  @Test
  void whoBeatsIsLeftAlone() {
    var lease = Attempts.running(START);
    assertThat(Looked.at(after(9), lease, RUNNING)).isEqualTo(new Leave(Reason.HEARD));
    assertThat(Looked.at(after(25), lease, RUNNING)).isEqualTo(new Leave(Reason.HEARD));
    assertThat(Looked.at(after(26), lease, RUNNING)).isEqualTo(new Leave(Reason.LATE));
    assertThat(Looked.at(after(26), lease, Sight.NO_LIST))
        .isEqualTo(new Leave(Reason.LATE_UNLISTED));
    assertThat(Looked.at(after(26), lease, PARTIAL)).isEqualTo(new Leave(Reason.LATE_UNLISTED));
  }

  @Test
  void whatNobodyOwnsIsNotWatched() {
    assertThat(Looked.at(START, Attempts.queued(Optional.empty()), Sight.NO_LIST))
        .isEqualTo(new Leave(Reason.NOT_WATCHED));
  }

  @Test
  void theUsersOwnDeadlineStopsAJobWhereverItStands() {
    var lease = Attempts.queued(Optional.of(after(60)));
    assertThat(Looked.at(after(59), lease, Sight.NO_LIST)).isEqualTo(new Leave(Reason.NOT_WATCHED));
    assertThat(Looked.at(after(60), lease, Sight.NO_LIST))
        .isEqualTo(new Verdict.Stop(Reason.DEADLINE_POLICY));
  }

  // ---- lists

  @Test
  void aCompleteListConfirmsALossAtOnce() {
    var lease = Attempts.running(START);
    for (var seen :
        new Object[][] {
          {shown(Sighting.GONE), Reason.LIST_GONE, "instance gone"},
          {shown(Sighting.STOPPED), Reason.LIST_STOPPED, "instance stopped"},
          {NOT_SHOWN, Reason.LIST_MISSING, "instance gone"}
        }) {
      var fence = fence(Looked.at(after(1), lease, (Sight) seen[0]), (Reason) seen[1]);
      assertThat(fence.cause()).isEqualTo(FenceCause.CONFIRMED);
      assertThat(fence.outcome()).isEqualTo(Outcome.LOST);
      assertThat(fence.detail()).isEqualTo(seen[2]);
      assertThat(fence.counts()).isTrue();
    }
  }

  @Test
  void nothingIsConcludedFromAPartialListOrForAnInstanceTooYoungToBeShown() {
    var lease = Attempts.running(START);
    assertThat(Looked.at(after(1), lease, PARTIAL)).isEqualTo(new Leave(Reason.HEARD));
    assertThat(Looked.at(after(1), lease, TOO_YOUNG)).isEqualTo(new Leave(Reason.HEARD));
    var stopped = Sight.listed(false, Optional.of(Sighting.STOPPED), true);
    assertThat(Looked.at(after(1), lease, stopped)).isEqualTo(new Leave(Reason.HEARD));
  }

  @Test
  void whatAListConfirmsIsNamedByWhereTheAttemptStood() {
    assertThat(fence(Looked.at(after(1), Attempts.launched(), NOT_SHOWN), Reason.LIST_MISSING))
        .extracting(Fence::outcome)
        .isEqualTo(Outcome.NEVER_STARTED);
    var saving = Attempts.saving(START, after(60));
    assertThat(fence(Looked.at(after(1), saving, NOT_SHOWN), Reason.LIST_MISSING).outcome())
        .isEqualTo(Outcome.RECLAIMED);
  }

  @Test
  void whoDiedWhileWeWereAwayDoesNotCount() {
    var lease = Attempts.running(START);
    var back = after(300);
    var outlook = new Outlook(after(301), back, back, Breaker.State.CLOSED, Breaker.State.CLOSED);
    assertThat(fence(Looked.at(outlook, lease, NOT_SHOWN), Reason.LIST_MISSING).counts()).isFalse();
  }

  // ---- limits

  @Test
  void aBootingInstanceHasUntilItsLaunchLimit() {
    var lease = Attempts.launched();
    var limit = START.plus(Attempts.LAUNCH_LIMIT);
    assertThat(Looked.at(limit.minusSeconds(1), lease, RUNNING))
        .isEqualTo(new Leave(Reason.BOOTING));
    var fence = fence(Looked.at(limit, lease, RUNNING), Reason.NEVER_REGISTERED);
    assertThat(fence.outcome()).isEqualTo(Outcome.NEVER_STARTED);
    assertThat(fence.counts()).isTrue();
  }

  @Test
  void aLimitThatPassedWhileWeWereDeafDoesNotCount() {
    var limit = START.plus(Attempts.LAUNCH_LIMIT);
    var back = limit.minusSeconds(LEASE - 1);
    var outlook =
        new Outlook(limit.plusSeconds(1), back, back, Breaker.State.CLOSED, Breaker.State.CLOSED);
    assertThat(
            fence(Looked.at(outlook, Attempts.launched(), RUNNING), Reason.NEVER_REGISTERED)
                .counts())
        .isFalse();
  }

  @Test
  void aDrainEndsWithItsNotice() {
    var lease = Attempts.saving(START, after(30));
    assertThat(Looked.at(after(20), lease, RUNNING)).isEqualTo(new Leave(Reason.HEARD));
    assertThat(fence(Looked.at(after(30), lease, RUNNING), Reason.DRAIN_OVER).outcome())
        .isEqualTo(Outcome.RECLAIMED);
  }

  @Test
  void aDeadlineFromAWrongClockIsCutToALease() {
    var lease = Attempts.running(after(3600));
    assertThat(Looked.at(START, lease, RUNNING))
        .isEqualTo(new Verdict.Extend(Reason.CLOCK_AHEAD, after(LEASE)));
    var justAhead = Attempts.running(after(5));
    assertThat(Looked.at(START, justAhead, RUNNING)).isEqualTo(new Leave(Reason.HEARD));
  }

  // ---- silence

  @Test
  void silenceIsFencedAtTheDeadlineUnlessTheProviderSaysRunning() {
    var lease = Attempts.running(START);
    assertThat(Looked.at(after(LEASE - 1), lease, Sight.NO_LIST).reason())
        .isEqualTo(Reason.LATE_UNLISTED);
    fence(Looked.at(after(LEASE), lease, Sight.NO_LIST), Reason.SILENT_UNKNOWN);
    fence(Looked.at(after(LEASE), lease, shown(Sighting.UNKNOWN)), Reason.SILENT_UNKNOWN);
    fence(Looked.at(after(LEASE), lease, PARTIAL.answered(Sighting.GONE)), Reason.SILENT_GONE);
    fence(
        Looked.at(after(LEASE), lease, Sight.listed(false, Optional.of(Sighting.STOPPED), true)),
        Reason.SILENT_GONE);
    for (var alive : new Sighting[] {Sighting.RUNNING, Sighting.STARTING}) {
      assertThat(Looked.at(after(LEASE), lease, shown(alive)))
          .isEqualTo(new Verdict.Suspect(Reason.SUSPICION, after(LEASE + LEASE / 2)));
    }
  }

  @Test
  void whatTheListDoesNotShowIsAskedForBeforeAnybodyIsFenced() {
    var lease = Attempts.running(START);
    assertThat(Looked.at(after(LEASE), lease, PARTIAL))
        .isEqualTo(new Verdict.Ask(Reason.OPINION_OWED));
    assertThat(Looked.at(after(LEASE), lease, TOO_YOUNG))
        .isEqualTo(new Verdict.Ask(Reason.OPINION_OWED));
    fence(
        Looked.at(after(LEASE), lease, PARTIAL.answered(Sighting.UNKNOWN)), Reason.SILENT_UNKNOWN);
  }

  @Test
  void aFewAreAskedAboutInOneTickTheLongestSilentFirst() {
    var findings = new ArrayList<Finding>();
    for (int i = 0; i < 2 * Sweep.MOST_ASKED; i++) {
      var lease = Attempts.running(after(-i));
      var verdict = Looked.at(after(LEASE), lease, PARTIAL);
      findings.add(new Finding(lease, verdict, false));
    }
    var opinions = Sweep.opinions(findings);
    assertThat(opinions.asked()).hasSize(Sweep.MOST_ASKED);
    assertThat(opinions.asked().getFirst()).isEqualTo(findings.getLast());
    assertThat(Looked.met(opinions.settled(), after(LEASE)))
        .hasSize(Sweep.MOST_ASKED)
        .extracting(Finding::reason)
        .containsOnly(Reason.HELD_OPINION);
  }

  @Test
  void theGraceIsStoredOnceAndThenFences() {
    var graceEnd = after(LEASE + LEASE / 2);
    var lease = Attempts.suspected(Attempts.running(START), after(LEASE), graceEnd);
    assertThat(Looked.at(graceEnd.minusSeconds(1), lease, RUNNING))
        .isEqualTo(new Leave(Reason.GRACE_RUNNING));
    assertThat(Looked.at(graceEnd.minusSeconds(1), lease, Sight.NO_LIST))
        .as("a stored grace holds, whatever the provider says now")
        .isEqualTo(new Leave(Reason.GRACE_RUNNING));
    fence(Looked.at(graceEnd, lease, RUNNING), Reason.SILENT_RUNNING);
    fence(Looked.at(graceEnd, lease, Sight.NO_LIST), Reason.SILENT_UNKNOWN);
  }

  // ---- silence that proves nothing

  private static Outlook outlook(
      Instant now, Instant watched, Instant against, Breaker.State fleet, Breaker.State provider) {
    return new Outlook(now, watched, against, fleet, provider);
  }

  @Test
  void nobodyIsFencedBySilenceBeforeWeHaveWatchedForAFullLease() {
    var lease = Attempts.running(START);
    var back = after(300);
    for (long s = 0; s < LEASE; s += 10) {
      var now = back.plusSeconds(s);
      var away = outlook(now, back, back, Breaker.State.CLOSED, Breaker.State.CLOSED);
      assertThat(Looked.at(away, lease, Sight.NO_LIST)).isEqualTo(new Leave(Reason.HELD_AWAY));
      assertThat(Looked.at(away, Attempts.launched(), RUNNING).reason()).isEqualTo(Reason.BOOTING);
      var closed = outlook(now, START, back, Breaker.State.CLOSED, Breaker.State.CLOSED);
      assertThat(Looked.at(closed, lease, RUNNING)).isEqualTo(new Leave(Reason.HELD_AFTER_BREAKER));
    }
    var now = back.plusSeconds(LEASE);
    var watched = outlook(now, back, back, Breaker.State.CLOSED, Breaker.State.CLOSED);
    fence(Looked.at(watched, lease, Sight.NO_LIST), Reason.SILENT_UNKNOWN);
  }

  @Test
  void anOpenBreakerPausesDeadlinesAndGracesButNotWhatAListConfirms() {
    var graceEnd = after(LEASE + LEASE / 2);
    var suspected = Attempts.suspected(Attempts.running(START), after(LEASE), graceEnd);
    var now = after(500);
    var open = outlook(now, START, START, Breaker.State.OPEN, Breaker.State.CLOSED);
    var provider = outlook(now, START, START, Breaker.State.CLOSED, Breaker.State.OPEN);
    for (var lease : new Lease[] {suspected, Attempts.running(START)}) {
      for (var sight : new Sight[] {RUNNING, Sight.NO_LIST, PARTIAL}) {
        assertThat(Looked.at(open, lease, sight)).isEqualTo(new Leave(Reason.HELD_BREAKER));
        assertThat(Looked.at(provider, lease, sight)).isEqualTo(new Leave(Reason.HELD_PROVIDER));
      }
      fence(Looked.at(open, lease, NOT_SHOWN), Reason.LIST_MISSING);
    }
    var limit = START.plus(Attempts.LAUNCH_LIMIT);
    var late = outlook(limit, START, START, Breaker.State.OPEN, Breaker.State.CLOSED);
    assertThat(Looked.at(late, Attempts.launched(), RUNNING).reason())
        .isEqualTo(Reason.HELD_BREAKER);
  }

  @Test
  void aGraceThatWasPausedBeginsAnewBehindTheFullLease() {
    var graceEnd = after(LEASE + LEASE / 2);
    var suspected = Attempts.suspected(Attempts.running(START), after(LEASE), graceEnd);
    var closed = after(600);
    var resumed = closed.plusSeconds(LEASE + LEASE / 2);
    var before =
        outlook(resumed.minusSeconds(1), START, closed, Breaker.State.CLOSED, Breaker.State.CLOSED);
    assertThat(Looked.at(before, suspected, RUNNING)).isEqualTo(new Leave(Reason.GRACE_RUNNING));
    var after = outlook(resumed, START, closed, Breaker.State.CLOSED, Breaker.State.CLOSED);
    fence(Looked.at(after, suspected, RUNNING), Reason.SILENT_RUNNING);
    var full =
        outlook(
            closed.plusSeconds(LEASE), START, closed, Breaker.State.CLOSED, Breaker.State.CLOSED);
    assertThat(Looked.at(full, Attempts.running(START), RUNNING))
        .as("a new grace is counted from there too")
        .isEqualTo(new Verdict.Suspect(Reason.SUSPICION, resumed));
  }
}
