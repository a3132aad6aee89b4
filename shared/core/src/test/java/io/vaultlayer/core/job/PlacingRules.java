package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Start, claim, intend, launched, and what makes nothing. */
abstract class PlacingRules {
  @Test
  void aJobIsNotPlacedBeforeItsWorkDirectoryWasSeen() {
    var job = Walk.submitted().later(Duration.ofDays(1));
    job.ignores(Why.NOT_ARMED, job.claim("provisioner-1"));
  }

  @Test
  void theWorkDirectoryMakesTheJobDueAtOnce() {
    var job = Walk.submitted();
    job.takes(Edge.ARMED, job.start());
    assertThat(job.lease().dueAt()).contains(job.now());
    assertThat(job.effects())
        .containsExactly(
            new Effect.Announce("JobSubmitted"), new Effect.Announce("ProvisionRequested"));
    job.recognises(job.start());
  }

  @Test
  void aStartTriedAgainIsRecognisedHoweverFarTheJobHasCome() {
    for (var job :
        new Walk[] {
          Walk.placing(), Walk.launched(), Walk.registered(), Walk.running(), Walk.saving()
        }) {
      job.recognises(job.start());
    }
    var over = Walk.ended(Edge.SUCCEEDED);
    over.ignores(Why.JOB_ENDED, over.start());
  }

  @Test
  void aClaimNeedsTheCurrentEpochAndADueJob() {
    var job = Walk.queued();
    var early = job.claim("provisioner-1");
    job.ignores(Why.EPOCH_MOVED, new JobEvent.Claim(job.now(), 2, "provisioner-1", job.now()));
    job.takes(Edge.CLAIMED, early);
    job.takes(Edge.NO_PLACE, job.noPlace());
    job.ignores(Why.NOT_DUE, job.claim("provisioner-1"));
    job.later(Duration.ofSeconds(30)).takes(Edge.CLAIMED, job.claim("provisioner-1"));
  }

  @Test
  void oneProvisionerPlacesAtATime() {
    var job = Walk.placing();
    job.recognises(job.claim("provisioner-1"));
    job.ignores(Why.CLAIMED_BY_OTHER, job.claim("provisioner-2"));
    job.ignores(Why.CLAIMED_BY_OTHER, job.intend("provisioner-2", job.nextLaunch(1)));
    job.ignores(Why.CLAIMED_BY_OTHER, job.unplaced("provisioner-2", Optional.empty()));
  }

  @Test
  void aClaimThatRanOutIsTakenOverAndItsHolderPlacesNothingMore() {
    var job = Walk.placing();
    var late = job.nextLaunch(1);
    job.later(Duration.ofSeconds(60));
    job.ignores(Why.CLAIMED_BY_OTHER, job.intend("provisioner-1", late));
    job.takes(Edge.CLAIM_TAKEN_OVER, job.claim("provisioner-2"));
    job.ignores(Why.CLAIMED_BY_OTHER, job.intend("provisioner-1", late));
  }

  @Test
  void aLaunchIsRecordedBeforeItsCreateCall() {
    var job = Walk.placing();
    job.ignores(
        Why.EPOCH_MOVED, new JobEvent.Intend(job.now(), 2, "provisioner-1", job.nextLaunch(2)));
    job.ignores(
        Why.LAUNCH_UNKNOWN, job.intend("provisioner-1", Walk.launchRecord(1, 2, job.now())));
    job.ignores(Why.LAUNCH_UNKNOWN, job.intend("provisioner-1", job.nextLaunch(2)));
    var intent = job.intend();
    job.takes(Edge.INTENDED, intent);
    assertThat(job.lease().launches()).hasSize(1);
    assertThat(job.lease().nextLaunch()).isEqualTo(2);
    job.recognises(intent);
  }

  @Test
  void anOpenLaunchMustBeResolvedBeforeTheNext() {
    var job = Walk.intended();
    job.ignores(Why.LAUNCH_OPEN, job.intend());
    var other = Walk.launchRecord(1, 1, job.now());
    var forged =
        new io.vaultlayer.core.lease.LaunchRecord(
            1,
            1,
            other.label(),
            other.provider(),
            other.region(),
            other.gpu(),
            true,
            other.pricing(),
            0,
            10,
            40,
            Walk.STRANGER,
            job.now(),
            job.now(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    job.ignores(Why.LAUNCH_OPEN, job.intend("provisioner-1", forged));
    job.ignores(Why.LAUNCH_OPEN, job.noPlace());
    job.takes(Edge.LAUNCH_CLOSED, job.madeNothing());
    assertThat(job.lease().launches()).isEmpty();
    job.later(Duration.ofSeconds(30)).takes(Edge.CLAIMED, job.claim("provisioner-1"));
    job.takes(Edge.INTENDED, job.intend());
    assertThat(job.lease().launches()).extracting(l -> l.number()).containsExactly(2);
  }

  @Test
  void aJobThatFoundNoPlaceInTheTimeAllowedFailsAndSaysSo() {
    var limit = Walk.START.plus(Duration.ofHours(1));
    var job = Walk.placing();
    job.takes(Edge.NO_PLACE, job.unplacedUntil(Optional.empty(), limit));
    job.later(Duration.ofHours(1)).claimed();
    job.takes(Edge.GAVE_UP_WAITING, job.unplacedUntil(Optional.empty(), limit));
    assertThat(job.lease().state()).isEqualTo(JobState.FAILED);
    assertThat(job.lease().reason()).contains("no_capacity");
    assertThat(job.lease().detail().orElseThrow()).contains("no offer", "vl resume");
    job.takes(Edge.RESUMED, job.resume());
    assertThat(job.lease().run().owedSince()).isEqualTo(job.now());
    var refused = Walk.intended();
    refused.later(Duration.ofHours(1));
    refused.takes(Edge.GAVE_UP_WAITING, refused.unplacedUntil(Optional.of(1), limit));
    assertThat(refused.effects())
        .contains(new Effect.Reap(Walk.launchRecord(1, 1, job.now()).label()));
  }

  @Test
  void aLaunchBootsUntilItsLimit() {
    var job = Walk.intended();
    job.takes(Edge.LAUNCHED, job.launch());
    assertThat(job.lease().state()).isEqualTo(JobState.STARTING);
    assertThat(job.lease().claim()).isEmpty();
    assertThat(job.lease().deadline()).contains(job.now().plus(Walk.LAUNCH_LIMIT));
    job.recognises(job.launch());
  }

  @Test
  void aLaunchThatNobodyKnowsOrOfAnotherEpochIsNotRecorded() {
    var job = Walk.intended();
    job.ignores(Why.LAUNCH_UNKNOWN, job.launch(1, 2));
    job.ignores(Why.EPOCH_MOVED, job.launch(2, 1));
    var running = Walk.running();
    running.ignores(Why.LAUNCH_UNKNOWN, running.launch(1, 2));
    running.recognises(running.launch(1, 1));
  }

  @Test
  void aCreateThatMadeNothingClosesItsLaunchAndTheJobWaits() {
    var job = Walk.intended();
    var answer = job.launch();
    job.takes(Edge.LAUNCH_CLOSED, job.madeNothing());
    assertThat(job.lease().state()).isEqualTo(JobState.WAITING);
    assertThat(job.lease().counters().waits()).isEqualTo(1);
    assertThat(job.effects()).isEmpty();
    job.ignores(Why.WRONG_STATE, answer);
    job.claimed().ignores(Why.LAUNCH_UNKNOWN, answer);
    job.ignores(Why.LAUNCH_UNKNOWN, job.unplaced("provisioner-1", Optional.of(1)));
  }

  @Test
  void aLaunchClosedAfterItsInstanceWasSeenOwesATerminate() {
    var job = Walk.launched();
    var label = job.lease().launches().getFirst().label();
    job.takes(Edge.LAUNCH_CLOSED, job.madeNothing());
    assertThat(job.effects()).containsExactly(new Effect.Reap(label));
    job.ignores(Why.FENCED, job.register(1, 1));
  }

  @Test
  void aRegisteredLaunchIsNotClosedByItsProvisioner() {
    var job = Walk.registered();
    job.ignores(Why.LAUNCH_BOUND, job.madeNothing());
    job.ignores(
        Why.EPOCH_MOVED,
        new JobEvent.Unplaced(
            job.now(), 2, "provisioner-1", Optional.of(1), job.now(), "not there"));
  }

  @Test
  void placesAreLookedForInPlacingOnly() {
    for (var job : new Walk[] {Walk.registered(), Walk.running(), Walk.saving()}) {
      job.ignores(Why.WRONG_STATE, job.claim("provisioner-2"));
      job.ignores(Why.WRONG_STATE, job.intend());
    }
    var queued = Walk.queued();
    queued.ignores(Why.WRONG_STATE, queued.intend());
    queued.ignores(Why.WRONG_STATE, queued.madeNothing());
    queued.ignores(Why.WRONG_STATE, queued.prepareSuccessor());
    var over = Walk.ended(Edge.FAILED);
    over.ignores(Why.JOB_ENDED, over.claim("provisioner-1"));
    over.ignores(Why.JOB_ENDED, over.intend());
    over.ignores(Why.JOB_ENDED, over.launch(1, 1));
    over.ignores(Why.JOB_ENDED, over.madeNothing());
  }
}
