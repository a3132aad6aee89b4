package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeptDirectoryTest {
  private static final String JOB = Rig.JOB;

  @TempDir Path home;
  private LoopbackBucket bucket;
  private KeptDirectory directory;
  private Scope scope;

  @BeforeEach
  void open() throws IOException {
    bucket = new LoopbackBucket();
    directory = new KeptDirectory(bucket.store(new Stop()), 64 << 10);
    scope = new Scope(JOB, 2, home.resolve("kept"), home.resolve("scratch"));
    Files.createDirectories(scope.kept());
  }

  @AfterEach
  void close() {
    bucket.close();
  }

  @Test
  void restoresExactlyWhatWasCommitted() throws Exception {
    byte[] large = new byte[300_001];
    new Random(3).nextBytes(large);
    var pointer =
        commit(800, Map.of("checkpoint-800/w.bin", large, "checkpoint-800/a/b", bytes("x")));
    var restored = directory.prepare(scope, Optional.of(pointer)).orElseThrow();
    assertThat(restored.step()).isEqualTo(800);
    assertThat(restored.from()).isEqualTo(scope.kept().resolve("checkpoint-800"));
    assertThat(Files.readAllBytes(scope.kept().resolve("checkpoint-800/w.bin"))).isEqualTo(large);
    assertThat(kept()).containsOnlyKeys("checkpoint-800/w.bin", "checkpoint-800/a/b");
    assertThat(bucket.count("GET", "w.bin")).as("ranges").isEqualTo(5);
    assertThat(bucket.mostInFlight()).isLessThanOrEqualTo(4);
  }

  @Test
  void theNewestFileIsTheNewestAgainWhicheverCameFirst() throws Exception {
    var named = List.of("z.pt", "run/b.pt", "run/a.pt", "best.pt", "last.pt");
    var files = new HashMap<String, byte[]>();
    named.forEach(path -> files.put(path, bytes("content of " + path)));
    commit(7, files);
    var pointer = pointer(7, named.stream().map(path -> file(7, path, files.get(path))).toList());
    // It is used again and not fetched.
    Rig.fill(scope.kept(), "z.pt", "content of z.pt");
    directory.prepare(scope, Optional.of(pointer));
    for (int i = 1; i < named.size(); i++) {
      assertThat(modified(named.get(i)))
          .as(named.get(i) + " after " + named.get(i - 1))
          .isAfterOrEqualTo(modified(named.get(i - 1)).plusSeconds(1));
    }
    assertThat(modified("run")).isEqualTo(modified("run/a.pt"));
    assertThat(modified("last.pt")).isBeforeOrEqualTo(Instant.now());
  }

  private Instant modified(String path) throws IOException {
    return Files.getLastModifiedTime(scope.kept().resolve(path)).toInstant();
  }

  @Test
  void restoresAnEmptyFileAndASingleFile() throws Exception {
    var pointer = commit(3, Map.of("ckpt-3.pt", new byte[0]));
    var restored = directory.prepare(scope, Optional.of(pointer)).orElseThrow();
    assertThat(restored.from()).isEqualTo(scope.kept().resolve("ckpt-3.pt"));
    assertThat(kept()).containsOnlyKeys("ckpt-3.pt");
  }

  @Test
  void pointsToTheDirectoryItselfWhenTheCheckpointHasSeveralEntries() throws Exception {
    var pointer = commit(3, Map.of("model.pt", bytes("m"), "optimizer.pt", bytes("o")));
    assertThat(directory.prepare(scope, Optional.of(pointer)).orElseThrow().from())
        .isEqualTo(scope.kept());
  }

  @Test
  void pointsToTheEntryThatStatesTheStep() throws Exception {
    var pointer = commit(5, Map.of("global_step5/w", bytes("w"), "latest", bytes("global_step5")));
    assertThat(directory.prepare(scope, Optional.of(pointer)).orElseThrow().from())
        .isEqualTo(scope.kept().resolve("global_step5"));
    assertThat(kept()).containsOnlyKeys("global_step5/w", "latest");
  }

  @Test
  void movesAsideWhatAScriptLeftHalfWritten() throws Exception {
    Rig.fill(scope.kept(), "checkpoint-900/w", "half", ".tmp-checkpoint-950/w", "h", "note", "n");
    var pointer = commit(800, Map.of("checkpoint-800/w", bytes("good")));
    directory.prepare(scope, Optional.of(pointer));
    assertThat(kept()).containsOnlyKeys("checkpoint-800/w");
    assertThat(scope.aside().resolve("e00000002/checkpoint-900/w")).hasContent("half");
    assertThat(scope.aside().resolve("e00000002/note")).exists();
  }

  @Test
  void emptiesTheDirectoryOnAFreshStart() throws Exception {
    Rig.fill(scope.kept(), "checkpoint-1/w", "x");
    assertThat(directory.prepare(scope, Optional.empty())).isEmpty();
    assertThat(kept()).isEmpty();
  }

  @Test
  void keepsOnlyTheNewestFewOfWhatWasMovedAside() throws Exception {
    for (int epoch = 1; epoch <= 5; epoch++) {
      Rig.fill(scope.kept(), "x", "epoch " + epoch);
      directory.prepare(new Scope(JOB, epoch, scope.kept(), scope.scratch()), Optional.empty());
    }
    assertThat(Tree.names(scope.aside(), 10)).containsExactly("e00000004", "e00000005");
  }

  @Test
  void usesIntactLocalFilesAgainAndFetchesTheRest() throws Exception {
    var pointer =
        commit(5, Map.of("checkpoint-5/a", bytes("good a"), "checkpoint-5/b", bytes("good b")));
    Rig.fill(
        scope.kept(),
        "checkpoint-5/a",
        "good a",
        "checkpoint-5/b",
        "evil b",
        "checkpoint-5/c",
        "c");
    directory.prepare(scope, Optional.of(pointer));
    assertThat(kept()).isEqualTo(Map.of("checkpoint-5/a", "good a", "checkpoint-5/b", "good b"));
    assertThat(bucket.calls()).noneMatch(call -> call.key().endsWith("step-000000000005/a"));
    assertThat(scope.aside().resolve("e00000002/checkpoint-5/b")).hasContent("evil b");
  }

  @Test
  void doesNotFollowALinkThatTheScriptLeft() throws Exception {
    Path outside = Files.createDirectories(home.resolve("outside"));
    Files.writeString(outside.resolve("w"), "good");
    Files.createSymbolicLink(scope.kept().resolve("checkpoint-5"), outside);
    var pointer = commit(5, Map.of("checkpoint-5/w", bytes("good")));
    directory.prepare(scope, Optional.of(pointer));
    assertThat(outside.resolve("w")).hasContent("good");
    assertThat(scope.kept().resolve("checkpoint-5")).isDirectory().isNotEqualTo(outside);
    assertThat(Files.isSymbolicLink(scope.kept().resolve("checkpoint-5"))).isFalse();
  }

  @Test
  void callsAMissingManifestDamage() {
    var pointer = new AttemptApi.Pointer(1, 1, key(1, BucketLayout.MANIFEST), "d", 1, 1);
    damaged(pointer, "is missing");
  }

  @Test
  void callsAnotherManifestDamage() throws Exception {
    var pointer = commit(1, Map.of("checkpoint-1/w", bytes("x")));
    bucket.objects().put(pointer.manifestKey(), bytes("{}"));
    damaged(pointer, "another digest");
  }

  @Test
  void callsAMissingFileDamage() throws Exception {
    var pointer = commit(1, Map.of("checkpoint-1/w", bytes("x")));
    bucket.objects().remove(key(1, "w"));
    damaged(pointer, "checkpoint-1/w is missing");
  }

  @Test
  void callsATruncatedFileDamage() throws Exception {
    var pointer = commit(1, Map.of("checkpoint-1/w", bytes("0123456789")));
    bucket.objects().put(key(1, "w"), bytes("01234"));
    damaged(pointer, "checkpoint-1/w is shorter than the 10 bytes");
    bucket.objects().put(key(1, "w"), new byte[0]);
    damaged(pointer, "checkpoint-1/w is shorter");
  }

  @Test
  void callsALongerFileDamage() throws Exception {
    var pointer = commit(1, Map.of("checkpoint-1/w", bytes("0123456789")));
    bucket.objects().put(key(1, "w"), bytes("0123456789+"));
    damaged(pointer, "has 11 bytes");
  }

  @Test
  void callsAChangedFileDamage() throws Exception {
    var pointer = commit(1, Map.of("checkpoint-1/w", bytes("0123456789")));
    bucket.objects().put(key(1, "w"), bytes("0123456780"));
    damaged(pointer, "another digest than was committed");
  }

  @Test
  void leavesNothingVisibleWhenItIsDamaged() throws Exception {
    var pointer = commit(1, Map.of("checkpoint-1/a", bytes("a"), "checkpoint-1/b", bytes("b")));
    bucket.objects().remove(key(1, "b"));
    Rig.fill(scope.kept(), "checkpoint-0/w", "old");
    damaged(pointer, "is missing");
    assertThat(Tree.names(scope.kept(), 10)).isEmpty();
  }

  @Test
  void doesNotCallTroubleOnTheWayDamage() throws Exception {
    var pointer = commit(1, Map.of("checkpoint-1/w", bytes("x")));
    bucket.faults(call -> call.isFor("GET", "/w") ? Fault.SERVER_ERROR : Fault.NONE);
    assertThatThrownBy(() -> directory.prepare(scope, Optional.of(pointer)))
        .isInstanceOf(StoreException.Unreachable.class);
    bucket.faults(call -> Fault.REFUSED);
    assertThatThrownBy(() -> directory.prepare(scope, Optional.of(pointer)))
        .isInstanceOf(StoreException.AccessRefused.class);
    bucket.faults(call -> Fault.NONE);
    assertThat(directory.prepare(scope, Optional.of(pointer))).isPresent();
  }

  @Test
  void survivesConnectionsThatBreak() throws Exception {
    byte[] large = new byte[200_000];
    new Random(4).nextBytes(large);
    var pointer = commit(1, Map.of("checkpoint-1/w", large));
    var seen = new AtomicInteger();
    bucket.faults(call -> seen.getAndIncrement() % 3 == 1 ? Fault.CUT_ANSWER : Fault.NONE);
    directory.prepare(scope, Optional.of(pointer));
    assertThat(Files.readAllBytes(scope.kept().resolve("checkpoint-1/w"))).isEqualTo(large);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "/etc/evil",
        "checkpoint-1/../../evil",
        "checkpoint-1/./x",
        "a//b",
        "",
        "checkpoint-1/",
        ".vaultlayer-restore/x",
        "a\0b"
      })
  void refusesPathsThatLeadElsewhere(String path) throws Exception {
    var file = new Manifest.File(path, key(1, "w"), 1, sha("x"), "00000000");
    bucket.objects().put(key(1, "w"), bytes("x"));
    damaged(pointer(1, List.of(file)), "names a file wrongly");
    assertThat(home.resolve("evil")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"jobs/job_other/checkpoints/x", "jobs/%s/../job_other/x", "other", "jobs/%s//x"})
  void refusesKeysOutsideTheJob(String key) throws Exception {
    var file = new Manifest.File("checkpoint-1/w", key.formatted(JOB), 1, sha("x"), "00000000");
    damaged(pointer(1, List.of(file)), "outside the job's checkpoints");
    assertThat(bucket.calls()).allMatch(call -> call.key().endsWith(BucketLayout.MANIFEST));
  }

  @Test
  void refusesAPathTwiceAndAFileWhereADirectoryIs() throws Exception {
    var file = new Manifest.File("a", key(1, "w"), 1, sha("x"), "00000000");
    var below = new Manifest.File("a/b", key(1, "w"), 1, sha("x"), "00000000");
    damaged(pointer(1, List.of(file, file)), "names a file wrongly");
    damaged(pointer(1, List.of(file, below)), "a file where it has a directory");
    damaged(pointer(1, List.of()), "names no files");
  }

  private void damaged(AttemptApi.Pointer pointer, String problem) {
    assertThatThrownBy(() -> directory.prepare(scope, Optional.of(pointer)))
        .isInstanceOf(DamagedCheckpoint.class)
        .hasMessageContaining(problem);
  }

  private AttemptApi.Pointer commit(long step, Map<String, byte[]> files) {
    var listed = new ArrayList<Manifest.File>();
    new TreeMap<>(files)
        .forEach((path, content) -> {
          var file = file(step, path, content);
          bucket.objects().put(file.key(), content);
          listed.add(file);
        });
    return pointer(step, listed);
  }

  private static Manifest.File file(long step, String path, byte[] content) {
    String key = key(step, path.substring(path.indexOf('/') + 1));
    return new Manifest.File(path, key, content.length, Hex.of(Hex.sha256(content)), "00000000");
  }

  private AttemptApi.Pointer pointer(long step, List<Manifest.File> files) {
    var manifest = new Manifest(JOB, 1, step, "2026-11-20T10:00:00Z", "unknown", files, Map.of());
    byte[] content = Json.render(manifest).getBytes(StandardCharsets.UTF_8);
    String key = key(step, BucketLayout.MANIFEST);
    bucket.objects().put(key, content);
    long bytes = files.stream().mapToLong(Manifest.File::bytes).sum();
    return new AttemptApi.Pointer(step, 1, key, Hex.of(Hex.sha256(content)), bytes, files.size());
  }

  private Map<String, String> kept() throws IOException {
    var found = new TreeMap<String, String>();
    for (Tree.Entry file : Tree.of(scope.kept(), Tree.names(scope.kept(), 100), 100).files()) {
      found.put(
          file.path(),
          Files.readString(scope.kept().resolve(file.path()), StandardCharsets.ISO_8859_1));
    }
    return found;
  }

  private static String key(long step, String name) {
    return BucketLayout.checkpoint(JOB, 1, step) + name;
  }

  private static String sha(String text) {
    return Hex.of(Hex.sha256(bytes(text)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
