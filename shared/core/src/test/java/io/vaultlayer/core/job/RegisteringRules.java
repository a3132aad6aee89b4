package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Register: one launch is bound to the epoch, by its bootstrap token, once. */
abstract class RegisteringRules {
  @Test
  void registerBindsTheLaunchAndExtendsTheLease() {
    var job = Walk.launched();
    job.takes(Edge.REGISTERED, job.register());
    assertThat(job.lease().bound()).contains(1);
    assertThat(job.lease().token()).contains(Walk.attemptToken(1, 1));
    assertThat(job.lease().deadline()).contains(job.now().plus(Walk.LEASE));
    assertThat(job.lease().run().resumedFrom()).isEmpty();
    assertThat(job.effects())
        .containsExactly(new Effect.Announce("AttemptStarted"), new Effect.Watch());
  }

  @Test
  void anInstanceMayRegisterBeforeItsCreateWasAnswered() {
    var job = Walk.intended();
    job.takes(Edge.REGISTERED, job.register());
    assertThat(job.lease().state()).isEqualTo(JobState.STARTING);
    assertThat(job.lease().boundLaunch().orElseThrow().instanceId()).contains("i-1");
    job.recognises(job.launch());
  }

  @Test
  void aRegisterTriedAgainIsRecognisedByLaunchAndToken() {
    for (var job : new Walk[] {Walk.registered(), Walk.running(), Walk.saving()}) {
      job.recognises(job.register(1, 1));
    }
  }

  @Test
  void aSecondTokenOnAUsedBootstrapTokenIsACopy() {
    for (var job : new Walk[] {Walk.registered(), Walk.running(), Walk.saving()}) {
      job.ignores(Why.BOOTSTRAP_COPIED, job.register(1, 1, Walk.bootstrap(1, 1), Walk.STRANGER));
    }
  }

  @Test
  void theBootstrapTokenMustBeTheLaunchsOwnAndFresh() {
    var job = Walk.launched();
    var right = Walk.attemptToken(1, 1);
    job.ignores(Why.WRONG_BOOTSTRAP, job.register(1, 1, Walk.STRANGER, right));
    job.later(Walk.LAUNCH_LIMIT.minus(Duration.ofNanos(1)));
    var intime = job.register();
    job.later(Duration.ofNanos(1)).ignores(Why.WRONG_BOOTSTRAP, job.register());
    job.takes(Edge.REGISTERED, intime);
  }

  @Test
  void aLaunchThatWasClosedOrNeverIntendedIsFenced() {
    var job = Walk.launched();
    job.ignores(Why.FENCED, job.register(1, 2));
    job.ignores(Why.FENCED, job.register(2, 1));
    job.takes(Edge.LAUNCH_CLOSED, job.madeNothing());
    job.ignores(Why.FENCED, job.register(1, 1));
    job.claimed().ignores(Why.FENCED, job.register(1, 1));
    job.takes(Edge.INTENDED, job.intend()).registers();
    job.ignores(Why.FENCED, job.register(1, 1));
    assertThat(job.lease().bound()).contains(2);
  }

  @Test
  void afterTheFenceAndAfterTheEndNobodyRegisters() {
    var job = Walk.registered();
    var late = job.register(1, 1);
    job.isLost().ignores(Why.FENCED, late);
    job.takes(Edge.CANCELLED, job.cancel()).ignores(Why.FENCED, late);
  }

  @Test
  void theNextAttemptIsGivenThePointerOfThatWrite() {
    var job = Walk.running();
    job.takes(Edge.COMMITTED, job.commit(800)).isLost().claimed();
    job.takes(Edge.INTENDED, job.intend()).registers();
    assertThat(job.lease().run().resumedFrom()).contains(800L);
  }
}
