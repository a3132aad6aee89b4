package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.StatusDocument;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Where the lease of an ended job stands, and who may still ask for it. */
class EndedTest {
  private static final String LIVE = "leases";
  private static final String ENDED = "ended";

  private final World world = new World();

  @Test
  void anEndedJobLeavesTheTableThatIsSwept() {
    var job = world.submit(Map.of());
    var agent = running();
    agent.commit(50);
    assertThat(row(LIVE, job)).isPresent();
    assertThat(agent.succeed().status()).isEqualTo(200);
    assertThat(row(LIVE, job)).isEmpty();
    assertThat(row(ENDED, job)).isPresent();
    assertThat(world.status(job).state()).isEqualTo("succeeded");
    assertThat(world.status(job).checkpoint().step()).isEqualTo(50);
  }

  @Test
  void whoComesLateToAnEndedJobIsToldTheSameAsBefore() {
    var job = world.submit(Map.of());
    var agent = running();
    call("cancel", job, "");
    assertThat(row(ENDED, job)).isPresent();
    assertThat(agent.beat("running", 51L).code()).isEqualTo("fenced");
    assertThat(agent.commit(51).code()).isEqualTo("fenced");
    assertThat(agent.register().code()).isEqualTo("fenced");
    assertThat(agent.exit("lost", Map.of("detail", "late")).code()).isEqualTo("fenced");
    assertThat(call("cancel", job, "").status()).isEqualTo(422);
    assertThat(call("start", job, "").as(StatusDocument.class).state()).isEqualTo("cancelled");
    assertThat(row(LIVE, job)).isEmpty();
  }

  @Test
  void anExitThatIsToldTwiceIsRecognisedInTheOtherTable() {
    world.submit(Map.of());
    var agent = running();
    assertThat(agent.succeed().status()).isEqualTo(200);
    assertThat(agent.succeed().status()).isEqualTo(200);
  }

  @Test
  void resumeTakesTheLeaseBackAndItsSequenceGoesOn() {
    var job = world.submit(Map.of());
    var agent = running();
    agent.commit(50);
    var before = row(LIVE, job).orElseThrow();
    call("cancel", job, "");
    var settled = row(ENDED, job).orElseThrow();
    call("resume", job, Map.of("epoch", 1));
    var back = row(LIVE, job).orElseThrow();
    assertThat(row(ENDED, job)).isEmpty();
    assertThat(back.version()).isGreaterThan(settled.version());
    assertThat(settled.version()).isGreaterThan(before.version());
    // Whoever decided on what stood there before the end finds nothing that he could take for it.
    for (long old = 1; old <= settled.version(); old++) {
      assertThat(
              world.store.write(
                  List.of(
                      new Write.Put(
                          LIVE,
                          before.key(),
                          Expect.version(old),
                          before.attributes(),
                          before.due()))))
          .isInstanceOf(WriteResult.Refused.class);
    }
    world.deliver();
    var second = running();
    assertThat(second.epoch).isEqualTo(2);
    assertThat(second.assignment.checkpoint().step()).isEqualTo(50);
    second.succeed();
    assertThat(row(ENDED, job)).isPresent();
    assertThat(broken()).isEmpty();
  }

  @Test
  void theAnswerToEitherMoveMayBeLost() {
    var job = world.submit(Map.of());
    running();
    loseAnswersOfMoves(1);
    assertThat(call("cancel", job, "").as(StatusDocument.class).state()).isEqualTo("cancelled");
    assertThat(row(LIVE, job)).isEmpty();
    assertThat(row(ENDED, job)).isPresent();
    loseAnswersOfMoves(1);
    assertThat(call("resume", job, Map.of("epoch", 1)).status()).isEqualTo(200);
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    assertThat(row(LIVE, job)).isPresent();
    assertThat(row(ENDED, job)).isEmpty();
  }

  @Test
  void aCancelWhoseAnswerIsLostIsRecognisedAfterOthersHaveWrittenToo() {
    var job = world.submit(Map.of());
    running();
    world.afterWrite =
        rows -> {
          world.afterWrite = others -> {};
          throw new StoreUnavailable("the answer is lost", null);
        };
    // Somebody else settles the end before the canceller looks again.
    world.whilePausing =
        () -> {
          var ended = world.lease(job);
          assertThat(ended.state()).isEqualTo(JobState.CANCELLED);
          world
              .control
              .leases()
              .apply(ended.job(), new JobEvent.Settle(world.clock.instant(), ended.sequence()));
        };
    assertThat(call("cancel", job, "").as(StatusDocument.class).state()).isEqualTo("cancelled");
    world.whilePausing = () -> {};
    assertThat(call("cancel", job, "").code()).isEqualTo("job_ended");
    world.deliver();
    assertThat(world.announced).contains("JobCancelled");
  }

  @Test
  void aMoveThatWasNotMadeIsMadeByTheSweep() {
    var job = world.submit(Map.of());
    var agent = running();
    world.beforeWrite =
        rows -> {
          if (isMove(rows)) {
            throw new StoreUnavailable("not now", null);
          }
        };
    assertThat(agent.succeed().status()).isEqualTo(200);
    assertThat(row(LIVE, job)).isPresent();
    assertThat(world.status(job).state()).isEqualTo("succeeded");
    world.beforeWrite = rows -> {};
    world.pass(Duration.ofMinutes(2));
    assertThat(row(LIVE, job)).isEmpty();
    assertThat(row(ENDED, job)).isPresent();
  }

  @Test
  void aListShowsLiveAndEndedJobsOnceAndPageByPage() {
    var all = new ArrayList<String>();
    for (int i = 0; i < 5; i++) {
      world.clock.advance(Duration.ofMillis(10));
      var job = world.submit(Map.of());
      all.addFirst(job);
      if (i % 2 == 0) {
        call("cancel", job, "");
      }
    }
    var seen = new ArrayList<String>();
    var query = Map.of("limit", "2");
    var page = list(query);
    while (page.next() != null) {
      page.jobs().forEach(j -> seen.add(j.id()));
      page = list(Map.of("limit", "2", "after", page.next()));
    }
    page.jobs().forEach(j -> seen.add(j.id()));
    assertThat(seen).isEqualTo(all);
    assertThat(list(Map.of("live", "true")).jobs())
        .extracting(StatusDocument::id)
        .containsExactly(all.get(1), all.get(3));
  }

  @Test
  void aLeaseInBothTablesIsABrokenInvariant() {
    var job = world.submit(Map.of());
    call("cancel", job, "");
    var settled = row(ENDED, job).orElseThrow();
    world.store.write(
        List.of(
            new Write.Put(
                LIVE, settled.key(), Expect.absent(), settled.attributes(), Optional.empty())));
    assertThat(broken()).extracting(Lists.Broken::invariant).contains("INV-5");
  }

  @Test
  void everyEndThatIsSettledStandsAmongTheEnded() {
    var failed = world.submit(Map.of());
    running().exit("failed", Map.of("exitCode", 1, "reason", "user_program_failed"));
    var lost = world.submit(Map.of("failover", false));
    world.provider.vanish(running().bootstrap.label());
    world.pass(Duration.ofSeconds(10));
    assertThat(Stream.of(failed, lost).map(job -> row(ENDED, job))).allMatch(Optional::isPresent);
    assertThat(world.lease(lost).state()).isEqualTo(JobState.FAILED);
  }

  // ---- shared pieces

  private FakeAgent running() {
    var agent = FakeAgent.ofLastLaunch(world);
    assertThat(agent.register().status()).isEqualTo(200);
    assertThat(agent.beat("running", 1L).status()).isEqualTo(200);
    return agent;
  }

  private Optional<Item> row(String table, String job) {
    return world.store.get(table, LeaseCodec.key(new JobId(job)));
  }

  private World.Reply call(String verb, String job, Object body) {
    return world.call("POST /v1/jobs/{id}/" + verb, Map.of("id", job), Map.of(), body);
  }

  private Lists.Jobs list(Map<String, String> query) {
    return world.call("GET /v1/jobs", Map.of(), query, Map.of(), "").as(Lists.Jobs.class);
  }

  private List<Lists.Broken> broken() {
    return world.call("GET /v1/check", Map.of(), Map.of(), "").as(Lists.Check.class).broken();
  }

  private static boolean isMove(List<Write> rows) {
    return rows.stream().anyMatch(Write.Delete.class::isInstance);
  }

  private void loseAnswersOfMoves(int times) {
    var left = new int[] {times};
    world.afterWrite =
        rows -> {
          if (isMove(rows) && left[0]-- > 0) {
            throw new StoreUnavailable("the answer was lost", null);
          }
        };
  }
}
