package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which checkpoints are deleted, by whom, and what is left when that is cut short. */
class RetentionTest {
  private static final String TOKENIZER = "tokenizer.json";

  private final World world = new World();
  private final String job = world.submit(Map.of("keepLast", 2, "keepEvery", 0));
  private FakeAgent agent = started();

  private FakeAgent started() {
    var started = FakeAgent.ofLastLaunch(world);
    assertThat(started.register().status()).isEqualTo(200);
    assertThat(started.beat("running", null).status()).isEqualTo(200);
    return started;
  }

  private void look() {
    world.queue("REAP_QUEUE_URL").send("{\"retain\":\"" + job + "\"}", Duration.ZERO);
    world.deliver();
  }

  private void commit(long... steps) {
    for (long step : steps) {
      assertThat(agent.commit(step).status()).isEqualTo(200);
    }
  }

  /** Commits a checkpoint with a file of its own and one that lies where another put it. */
  private World.Reply sharing(long step, String sharedKey) {
    int epoch = agent.epoch;
    var own = BucketLayout.checkpoint(job, epoch, step) + "weights.bin";
    world.bucket.put(own, bytes("weights of " + step));
    world.bucket.putIfAbsent(sharedKey, bytes(TOKENIZER));
    var files =
        List.of(
            file("weights.bin", own, "weights of " + step), file(TOKENIZER, sharedKey, TOKENIZER));
    var manifest =
        bytes(Json.render(new Manifest(job, epoch, step, "now", "unknown", files, Map.of())));
    var key = BucketLayout.checkpointManifest(job, epoch, step);
    world.bucket.put(key, manifest);
    return world.agent(
        job,
        epoch,
        "commit",
        agent.token,
        Map.of(
            "step",
            step,
            "manifestKey",
            key,
            "manifestSha256",
            TokenHash.ofBytes(manifest),
            "bytes",
            1,
            "files",
            2));
  }

  private static Manifest.File file(String path, String key, String content) {
    return new Manifest.File(
        path, key, content.length(), TokenHash.ofBytes(bytes(content)), "00000000");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private List<String> told() {
    return world
        .call("GET /v1/jobs/{id}/checkpoints", Map.of("id", job), Map.of(), "")
        .as(Lists.Checkpoints.class)
        .checkpoints()
        .stream()
        .map(c -> c.step() + " " + c.status())
        .toList();
  }

  private List<String> objects() {
    var root = BucketLayout.job(job) + "checkpoints/";
    return world.bucket.keys().stream()
        .filter(k -> k.startsWith(root))
        .map(k -> k.substring(root.length()))
        .toList();
  }

  private static List<String> of(int epoch, long... steps) {
    var all = new ArrayList<String>();
    for (long step : steps) {
      var prefix = "e%08d/step-%012d/".formatted(epoch, step);
      all.add(prefix + "_manifest.json");
      all.add(prefix + "weights.bin");
    }
    return all;
  }

  @Test
  void whatIsNotKeptIsMarkedFirstAndThenDeleted() {
    commit(1, 2, 3, 4, 5);
    look();
    assertThat(told())
        .containsExactly("1 pruned", "2 pruned", "3 pruned", "4 committed", "5 committed");
    assertThat(objects()).isEqualTo(of(1, 4, 5));
    var refused =
        world.call(
            "GET /v1/jobs/{id}/checkpoints/{step}/files",
            Map.of("id", job, "step", "2"),
            Map.of(),
            "");
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.code()).isEqualTo("checkpoint_pruned");
    assertThat(refused.body()).contains("it was pruned").contains("vl checkpoints");
    commit(6);
    look();
    assertThat(objects()).isEqualTo(of(1, 5, 6));
  }

  @Test
  void everyJobIsLookedAtOnceAnHour() {
    commit(1, 2, 3);
    for (int i = 0; i < 12; i++) {
      world.clock.advance(Duration.ofMinutes(5));
      world.queue("REAP_QUEUE_URL").send("{\"reap\":\"inventory\"}", Duration.ZERO);
      world.deliver();
    }
    assertThat(told()).startsWith("1 pruned");
  }

  @Test
  void aFileGoesWithTheLastCheckpointThatNamesIt() {
    var tokenizer = BucketLayout.checkpoint(job, 1, 1) + TOKENIZER;
    for (long step = 1; step <= 4; step++) {
      assertThat(sharing(step, tokenizer).status()).isEqualTo(200);
    }
    look();
    assertThat(objects()).contains("e00000001/step-000000000001/" + TOKENIZER);
    assertThat(objects()).hasSize(5);
    commit(5, 6);
    look();
    assertThat(objects()).isEqualTo(of(1, 5, 6));
  }

  @Test
  void aCommitMayShareOnlyWithTheNewestTwo() {
    var tokenizer = BucketLayout.checkpoint(job, 1, 1) + TOKENIZER;
    assertThat(sharing(1, tokenizer).status()).isEqualTo(200);
    commit(2);
    assertThat(sharing(3, tokenizer).status()).isEqualTo(200);
    commit(4, 5);
    var late = sharing(6, tokenizer);
    assertThat(late.status()).isEqualTo(422);
    assertThat(late.body()).contains("neither of the two newest");
    assertThat(told()).noneMatch(line -> line.startsWith("6"));
  }

  /** What it named nobody can tell; a job must not stand still for that. */
  @Test
  void aCommitGoesOnAfterTheManifestBeforeHasRotted() {
    var tokenizer = BucketLayout.checkpoint(job, 1, 1) + TOKENIZER;
    assertThat(sharing(1, tokenizer).status()).isEqualTo(200);
    var manifest = BucketLayout.checkpointManifest(job, 1, 1);
    var rotten = world.bucket.read(manifest, 1 << 20).orElseThrow();
    rotten[0] ^= 1;
    world.bucket.put(manifest, rotten);
    assertThat(sharing(2, tokenizer).status()).isEqualTo(200);
    commit(3);
    look();
    assertThat(objects()).contains("e00000001/step-000000000001/" + TOKENIZER);
  }

  @Test
  void nothingIsDeletedWhileOneOfTheNewestTwoIsDamaged() {
    commit(1, 2, 3, 4);
    world.bucket.delete(List.of(BucketLayout.checkpoint(job, 1, 3) + "weights.bin"));
    look();
    assertThat(told()).noneMatch(line -> line.endsWith("pruned"));
    assertThat(objects()).containsAll(of(1, 1, 2));
  }

  @Test
  void whereverALookDiesTheNextOneGoesOn() {
    commit(1, 2, 3, 4, 5);
    for (int death = 0; death < 2; death++) {
      int fatal = death;
      int[] seen = new int[1];
      world.beforeWrite =
          rows -> {
            if (rows.getFirst().key().sort().equals("retention") && seen[0]++ == fatal) {
              throw new StoreUnavailable("the look dies", null);
            }
          };
      assertThatThrownBy(this::look).isInstanceOf(AssertionError.class);
      world.beforeWrite = rows -> {};
    }
    world.afterWrite =
        rows -> {
          if (rows.getFirst().key().sort().equals("retention")) {
            world.bucket.down(true);
          }
        };
    commitAndDie();
    world.bucket.down(false);
    world.afterWrite = rows -> {};
    look();
    assertThat(told()).filteredOn(l -> l.endsWith("committed")).hasSize(2);
    assertThat(objects()).isEqualTo(of(1, 5, 6));
  }

  private void commitAndDie() {
    look();
    world.afterWrite = rows -> {};
    world.bucket.down(false);
    commit(6);
    world.afterWrite =
        rows -> {
          if (rows.getFirst().key().sort().equals("retention")) {
            world.bucket.down(true);
          }
        };
    assertThatThrownBy(this::look).isInstanceOf(AssertionError.class);
    assertThat(told()).filteredOn(l -> l.endsWith("committed")).hasSize(2);
  }

  @Test
  void whatComesTooLateIsFoundWhenNothingMoreCanCome() {
    commit(1);
    world.bucket.put(BucketLayout.checkpoint(job, 1, 9) + "half.bin", bytes("half"));
    assertThat(agent.exit("reclaimed", Map.of()).status()).isEqualTo(200);
    world.deliver();
    agent = started();
    commit(2, 3, 4);
    look();
    assertThat(objects()).contains("e00000001/step-000000000009/half.bin");
    // A stalled writer's last request, into what was pruned meanwhile.
    world.bucket.put(BucketLayout.checkpoint(job, 1, 1) + "weights.bin", bytes("late"));
    world.bucket.put(BucketLayout.checkpointManifest(job, 1, 1), bytes("{}"));
    assertThat(told()).contains("1 pruned");
    world.clock.advance(Duration.ofHours(3));
    look();
    assertThat(told()).contains("1 pruned");
    assertThat(objects()).isEqualTo(of(2, 3, 4));
  }

  /** Where the bucket lets it, a host may write over the manifest of its own old checkpoint. */
  @Test
  void aManifestThatWasWrittenOverDeletesNothingOfOthers() {
    commit(1, 2, 3);
    var work = BucketLayout.job(job) + "workdir/x.tar.gz";
    var foreign = BucketLayout.checkpoint("job_01k00000000000000000000000", 1, 1) + "weights.bin";
    var byWayOf = BucketLayout.job(job) + "checkpoints/../workdir/y.tar.gz";
    var files = new ArrayList<Manifest.File>();
    files.add(null);
    for (var key : List.of(work, foreign, byWayOf)) {
      world.bucket.put(key, bytes("theirs"));
      files.add(file("x", key, "theirs"));
    }
    world.bucket.put(
        BucketLayout.checkpointManifest(job, 1, 1),
        bytes(Json.render(new Manifest(job, 1, 1L, "now", "unknown", files, Map.of()))));
    look();
    assertThat(told()).startsWith("1 pruned");
    assertThat(objects()).containsAll(of(1, 2, 3));
    assertThat(world.bucket.keys()).contains(work, foreign, byWayOf);
  }
}
