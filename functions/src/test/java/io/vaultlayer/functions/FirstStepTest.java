package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Steps count completed optimiser steps: an attempt resumed from 50 begins with 51. */
class FirstStepTest {
  private final World world = new World();

  private FakeAgent resumedFrom50() {
    world.submit(Map.of());
    var first = FakeAgent.ofLastLaunch(world);
    first.register();
    first.beat("running", 50L);
    first.commit(50);
    world.pass(Duration.ofSeconds(6));
    world.provider.vanish(first.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    var second = FakeAgent.ofLastLaunch(world);
    second.register();
    return second;
  }

  private Long firstStep(FakeAgent agent) {
    return world.status(agent.bootstrap.job()).attempts().getLast().firstStep();
  }

  @Test
  void aScriptThatNamesTheStepItResumedFromBeginsWithTheNextOne() {
    var agent = resumedFrom50();
    agent.beat("running", 50L);
    assertThat(firstStep(agent)).isEqualTo(51);
  }

  @Test
  void aScriptThatPrintsEveryTenthStepBeginsWithTheNextOne() {
    var agent = resumedFrom50();
    agent.beat("running", 60L);
    assertThat(firstStep(agent)).isEqualTo(51);
  }

  @Test
  void aScriptThatStartsOverShowsIt() {
    var agent = resumedFrom50();
    agent.beat("running", 3L);
    assertThat(firstStep(agent)).isEqualTo(3);
  }

  @Test
  void withoutAnyStepItIsUnknown() {
    assertThat(firstStep(resumedFrom50())).isNull();
  }
}
