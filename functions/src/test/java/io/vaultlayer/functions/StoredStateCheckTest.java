package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.Lists.Broken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Each checker finds what was broken by hand, and none of them anything in stores that the handlers
 * left behind.
 */
class StoredStateCheckTest {
  private final World world = new World();
  private String job;
  private FakeAgent agent;

  /** Commits 10 and 20, is lost, resumes from 20 and commits 30: a history with everything. */
  private void trainedTwice() {
    job = world.submit(Map.of());
    agent = running();
    commits(10);
    commits(20);
    world.pass(Duration.ofSeconds(6));
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    agent = running();
    commits(30);
    told();
  }

  /** A beat later the last decision stands in its own rows alone, not in the lease. */
  private void told() {
    assertThat(agent.beat("running", 31L).status()).isEqualTo(200);
  }

  private FakeAgent running() {
    var next = FakeAgent.ofLastLaunch(world);
    assertThat(next.register().status()).isEqualTo(200);
    assertThat(next.beat("running", 1L).status()).isEqualTo(200);
    return next;
  }

  private void commits(long step) {
    world.clock.advance(Duration.ofMillis(500));
    assertThat(agent.commit(step).status()).isEqualTo(200);
  }

  private Lists.Check page(Map<String, String> query) {
    return world.call("GET /v1/check", Map.of(), query, Map.of(), "").as(Lists.Check.class);
  }

  private List<Broken> broken() {
    var reply = world.call("GET /v1/check", Map.of(), Map.of(), Map.of(), "");
    assertThat(reply.status()).as(String.join("\n", world.log)).isEqualTo(200);
    var all = page(Map.of()).broken();
    assertThat(page(Map.of("job", job)).broken())
        .as("one job alone shows the same")
        .containsExactlyInAnyOrderElementsOf(all);
    return all;
  }

  private void finds(String invariant, String detail) {
    assertThat(broken())
        .anySatisfy(b -> {
          assertThat(b.invariant()).isEqualTo(invariant);
          assertThat(b.job()).isEqualTo(job);
          assertThat(b.detail()).contains(detail);
        });
  }

  // ---- breaking by hand

  private List<Item> rows(String table, String sortPrefix) {
    return world.store.all(table).stream()
        .filter(i -> i.key().sort().startsWith(sortPrefix))
        .filter(i -> i.key().partition().contains(job))
        .toList();
  }

  private void edit(String table, Item item, Consumer<Map<String, Object>> change) {
    edit(table, item, change, item.due());
  }

  private void edit(
      String table, Item item, Consumer<Map<String, Object>> change, Optional<Due> due) {
    var attributes = new HashMap<>(thawed(item.attributes()));
    change.accept(attributes);
    put(new Write.Put(table, item.key(), Expect.anything(), attributes, due));
  }

  private void put(Write write) {
    world.store.write(List.of(write));
  }

  private void remove(String table, Item item) {
    put(new Write.Delete(table, item.key(), Expect.anything()));
  }

  /** A deep copy to change. */
  private static Map<String, Object> thawed(Map<String, Object> frozen) {
    var copy = new TreeMap<String, Object>();
    frozen.forEach((name, value) -> copy.put(name, thawed(value)));
    return copy;
  }

  @SuppressWarnings("unchecked")
  private static Object thawed(Object value) {
    return switch (value) {
      case Map<?, ?> map -> thawed((Map<String, Object>) map);
      case List<?> list ->
          new ArrayList<Object>(list.stream().map(StoredStateCheckTest::thawed).toList());
      default -> value;
    };
  }

  private Item lease() {
    return world.store.tables().stream()
        .filter(t -> !t.equals("jobs") && !t.equals("instances"))
        .flatMap(t -> world.store.all(t).stream())
        .filter(i -> i.key().partition().equals(job))
        .findFirst()
        .orElseThrow();
  }

  private void editLease(Consumer<Map<String, Object>> change) {
    edit("leases", lease(), change);
  }

  private Item decision(String edge) {
    return rows("jobs", "d#").stream()
        .filter(i -> edge.equals(i.attributes().get("edge")))
        .reduce((a, b) -> b)
        .orElseThrow();
  }

  private void addDecision(long after, Map<String, Object> attributes) {
    var last = rows("jobs", "d#").getLast();
    var sequence = Long.parseLong(last.key().sort().substring(2)) + after;
    var copy = new HashMap<>(last.attributes());
    copy.putAll(attributes);
    var key = new Key(job, "d#%012d".formatted(sequence));
    put(new Write.Put("jobs", key, Expect.anything(), copy, Optional.empty()));
  }

  // ---- healthy

  @Test
  void whatTheHandlersLeaveBehindIsNeverBroken() {
    trainedTwice();
    assertThat(broken()).isEmpty();
    world.call("POST /v1/jobs/{id}/cancel", Map.of("id", job), Map.of(), "");
    assertThat(broken()).isEmpty();
    world.pass(Duration.ofMinutes(3));
    assertThat(broken()).isEmpty();
    var epoch = world.lease(job).epoch();
    world.call("POST /v1/jobs/{id}/resume", Map.of("id", job), Map.of(), Map.of("epoch", epoch));
    world.deliver();
    agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    assertThat(agent.assignment.checkpoint().step()).isEqualTo(30);
    world.bucket.put(BucketLayout.checkpoint(job, 2, 30) + "weights.bin", new byte[] {1});
    condemns(2, 30);
    assertThat(broken()).isEmpty();
    agent.beat("running", 21L);
    commits(25);
    assertThat(agent.next("vla_next").status()).isEqualTo(200);
    assertThat(broken()).isEmpty();
    agent.beat("running", 26L);
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(3));
    assertThat(broken()).isEmpty();
    assertThat(page(Map.of("deep", "true")).broken()).isEmpty();
  }

  private void condemns(int epoch, long step) {
    var reply =
        world.agent(
            job,
            agent.epoch,
            "condemn",
            agent.token,
            Map.of(
                "manifestKey",
                BucketLayout.checkpointManifest(job, epoch, step),
                "problem",
                "damaged"));
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
  }

  @Test
  void everyStateOfAHistoryIsHealthyAtEveryMoment() {
    job = world.submit(Map.of());
    assertThat(broken()).isEmpty();
    agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    assertThat(broken()).isEmpty();
    agent.beat("running", 1L);
    commits(10);
    assertThat(broken()).isEmpty();
    world.pass(Duration.ofSeconds(30));
    assertThat(broken()).as("silent and fenced").isEmpty();
  }

  @Test
  void pagesCoverWhatOneAnswerDoes() {
    trainedTwice();
    var first = job;
    for (int i = 0; i < 4; i++) {
      world.submit(Map.of());
    }
    editLease(l -> l.remove("tok"));
    remove("instances", rows("instances", "-").getLast());
    int jobs = 0;
    var found = new ArrayList<Broken>();
    String after = null;
    do {
      var page = page(after == null ? Map.of("limit", "2") : Map.of("limit", "2", "after", after));
      jobs += page.jobs();
      found.addAll(page.broken());
      after = page.next();
    } while (after != null);
    assertThat(jobs).isEqualTo(5);
    assertThat(found).extracting(Broken::job, Broken::invariant).contains(tuple(first, "INV-7"));
    assertThat(found).containsExactlyInAnyOrderElementsOf(page(Map.of()).broken());
    var reply = world.call("GET /v1/check", Map.of(), Map.of("after", "nonsense"), Map.of(), "");
    assertThat(reply.status()).isEqualTo(400);
  }

  @Test
  void whatIsHealedWhileItIsReadAgainIsNotReported() {
    trainedTwice();
    var row = rows("jobs", "c#").getLast();
    remove("jobs", row);
    world.whilePausing =
        () ->
            put(
                new Write.Put(
                    "jobs", row.key(), Expect.anything(), row.attributes(), Optional.empty()));
    assertThat(page(Map.of()).broken()).isEmpty();
  }

  @Test
  void aJobThatMovesAtEveryReadIsNotJudged() {
    trainedTwice();
    world.whilePausing = () -> assertThat(agent.beat("running", 31L).status()).isEqualTo(200);
    assertThat(page(Map.of()).broken()).isEmpty();
    remove("jobs", rows("jobs", "c#").getLast());
    assertThat(page(Map.of()).broken())
        .as("it moves between the reads, not during one")
        .isNotEmpty();
  }

  // ---- broken by hand, one rule at a time

  @Test
  void anEpochThatWentBackIsFound() {
    trainedTwice();
    editLease(l -> l.put("e", 1L));
    finds("INV-1", "the job is at epoch 1 after epoch 2");
    finds("INV-1", "the pointer is of a later epoch");
  }

  @Test
  void aCommitOfAnEpochThatDidNotOwnTheJobIsFound() {
    trainedTwice();
    var commit = rows("jobs", "c#").getLast();
    var key = new Key(job, "c#00000001#000000000030");
    put(new Write.Put("jobs", key, Expect.anything(), commit.attributes(), Optional.empty()));
    edit("jobs", decision("COMMITTED"), d -> d.put("committed", "00000001#000000000030"));
    finds("INV-1", "epoch 2 committed step 30 of epoch 1");
  }

  @Test
  void aPointerWhoseFilesAreNotThereIsFound() {
    trainedTwice();
    world.bucket.delete(List.of(BucketLayout.checkpoint(job, 2, 30) + "weights.bin"));
    finds("INV-2", "weights.bin is missing");
  }

  @Test
  void aPointerWhoseFileHasAnotherSizeIsFound() {
    trainedTwice();
    world.bucket.put(BucketLayout.checkpoint(job, 2, 30) + "weights.bin", new byte[] {1});
    finds("INV-2", "1 bytes instead of");
  }

  @Test
  void anotherManifestThanThePointersIsFound() {
    trainedTwice();
    world.bucket.put(BucketLayout.checkpointManifest(job, 2, 30), "{}".getBytes());
    finds("INV-2", "another digest");
  }

  @Test
  void changedBytesAreFoundByADeepLookOnly() {
    trainedTwice();
    world.bucket.put(
        BucketLayout.checkpoint(job, 2, 30) + "weights.bin", "weights of 31".getBytes());
    assertThat(broken()).isEmpty();
    assertThat(page(Map.of("deep", "true")).broken())
        .extracting(Broken::invariant, Broken::detail)
        .containsExactly(
            tuple("INV-2", "the pointer's step 30: checkpoint-30/weights.bin has another digest"));
  }

  @Test
  void aPointerWithoutItsRecordIsFound() {
    trainedTwice();
    remove("jobs", rows("jobs", "c#").getLast());
    finds("INV-2", "no commit record");
  }

  @Test
  void aPointerThatWasCondemnedIsFound() {
    trainedTwice();
    var commit = rows("jobs", "c#").getLast();
    var key = new Key(job, "x" + commit.key().sort().substring(1));
    put(new Write.Put("jobs", key, Expect.anything(), commit.attributes(), Optional.empty()));
    finds("INV-2", "which was condemned");
  }

  @Test
  void aPointerThatNoDecisionMovedThereIsFound() {
    trainedTwice();
    remove("jobs", decision("COMMITTED"));
    finds("INV-2", "the decisions lead to step 20 of epoch 1");
  }

  @Test
  void aStepThatWentBackIsFound() {
    trainedTwice();
    edit("jobs", decision("COMMITTED"), d -> d.put("committed", "00000002#000000000015"));
    var commit = rows("jobs", "c#").getLast();
    var key = new Key(job, "c#00000002#000000000015");
    put(new Write.Put("jobs", key, Expect.anything(), commit.attributes(), Optional.empty()));
    finds("INV-3", "step 15 of epoch 2 was committed after step 20 of epoch 1");
  }

  @Test
  void aStepThatWentBackAfterACondemnIsFound() {
    trainedTwice();
    world.pass(Duration.ofSeconds(6));
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(4));
    agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    world.bucket.put(BucketLayout.checkpoint(job, 2, 30) + "weights.bin", new byte[] {1});
    condemns(2, 30);
    agent.beat("running", 21L);
    commits(22);
    commits(24);
    told();
    assertThat(broken()).isEmpty();
    edit("jobs", decision("COMMITTED"), d -> d.put("committed", "00000003#000000000021"));
    finds("INV-3", "step 21 of epoch 3 was committed after step 22 of epoch 3");
  }

  @Test
  void anAttemptThatResumedFromSomethingElseIsFound() {
    trainedTwice();
    editLease(l -> {
      @SuppressWarnings("unchecked")
      var run = (Map<String, Object>) l.get("run");
      run.put("rf", 10L);
    });
    finds("INV-4", "epoch 2 was given step 10, but the pointer was step 20 of epoch 1");
  }

  @Test
  void anEndedAttemptThatResumedFromNothingIsFound() {
    trainedTwice();
    assertThat(agent.succeed().status()).isEqualTo(200);
    assertThat(broken()).isEmpty();
    edit("jobs", rows("jobs", "a#00000002").getFirst(), a -> a.remove("from"));
    finds("INV-4", "epoch 2 was given nothing");
  }

  @Test
  void aDecisionAfterTheEndIsFound() {
    trainedTwice();
    assertThat(agent.succeed().status()).isEqualTo(200);
    world.pass(Duration.ofMinutes(2));
    addDecision(
        1, Map.of("edge", "FENCED", "event", "Fence", "from", "succeeded", "to", "recovering"));
    finds("INV-5", "FENCED was accepted after the end");
    finds("INV-5", "the job is succeeded, but its last decision made it recovering");
  }

  @Test
  void aJobThatNobodyWouldLookAtIsFound() {
    trainedTwice();
    editLease(l -> {
      l.remove("dl");
      l.remove("due");
    });
    finds("INV-6", "has a time at which the sweep acts");
  }

  @Test
  void aLeaseThatCannotBeReadIsFound() {
    trainedTwice();
    editLease(l -> l.put("st", "levitating"));
    finds("INV-6", "cannot be read");
  }

  @Test
  void aRunningJobWithoutADeadlineIsFound() {
    trainedTwice();
    editLease(l -> l.put("due", l.remove("dl")));
    finds("INV-6", "an instance may own it, but it has no deadline");
  }

  @Test
  void anInstanceThatNobodyWouldLookAtIsFound() {
    trainedTwice();
    edit("instances", rows("instances", "-").getLast(), row -> row.remove("due"), Optional.empty());
    finds("INV-6", "has a time at which the sweep looks at it");
  }

  @Test
  void aLaunchWithoutItsItemIsFound() {
    trainedTwice();
    remove("instances", rows("instances", "-").getLast());
    finds("INV-7", "no item would bring its end");
    finds("INV-9", "which has no item");
  }

  @Test
  void anInstanceThatNobodyOwnsAndNobodyLooksAtIsFound() {
    trainedTwice();
    assertThat(agent.succeed().status()).isEqualTo(200);
    var later = world.clock.instant().plus(Duration.ofHours(5)).toString();
    edit("instances", rows("instances", "-").getLast(), row -> row.put("due", later));
    finds("INV-7", "nobody owns it, and nobody looks at it before " + later);
  }

  @Test
  void aSecondLaunchOfTheSameEpochIsFound() {
    trainedTwice();
    editLease(l -> {
      @SuppressWarnings("unchecked")
      var launches = (List<Object>) l.get("la");
      @SuppressWarnings("unchecked")
      var second = new HashMap<>((Map<String, Object>) launches.getFirst());
      second.put("n", 2L);
      launches.add(second);
    });
    finds("INV-8", "more than one open launch for epoch 2");
  }

  @Test
  void anOwnerThatWasConfirmedGoneIsFound() {
    trainedTwice();
    edit("instances", rows("instances", "-").getLast(), row -> row.put("state", "GONE"));
    finds("INV-8", "was confirmed gone");
    finds("INV-9", "money is reserved for");
  }

  @Test
  void aBudgetThatIsOverGrantedIsFound() {
    trainedTwice();
    edit(
        "jobs",
        rows("jobs", "money").getFirst(),
        m -> {
          m.put("budget", 1.0);
          m.put("spent", 2.0);
        });
    finds("INV-9", "more is spent and reserved than the budget grants");
  }

  @Test
  void anInstanceOfAnEpochThatNeverWasIsFound() {
    trainedTwice();
    edit("instances", rows("instances", "-").getLast(), row -> row.put("epoch", 9L));
    finds("INV-11", "for an epoch that the job never reached");
  }

  @Test
  void aLeaseInBothTablesIsFound() {
    trainedTwice();
    var lease = lease();
    put(
        new Write.Put(
            "ended", lease.key(), Expect.anything(), lease.attributes(), Optional.empty()));
    finds("INV-5", "among the live and among the ended");
  }

  @Test
  void aTokenThatOutlivesTheJobIsFound() {
    trainedTwice();
    var token = lease().attributes().get("tok");
    assertThat(agent.succeed().status()).isEqualTo(200);
    var table = world.store.all("leases").isEmpty() ? "ended" : "leases";
    edit(table, lease(), l -> l.put("tok", token));
    finds("INV-12", "a final state has no token");
  }

  @Test
  void aTokenWithoutAnOwnerIsFound() {
    trainedTwice();
    editLease(l -> l.remove("bd"));
    finds("INV-12", "no launch owns epoch 2");
  }
}
