package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** A control plane that looks into the bucket before it agrees, as the real one does. */
final class JudgingCommits implements Commits {
  private final LoopbackBucket bucket;
  private final int epoch;
  private final List<AttemptApi.Pointer> pointers = new CopyOnWriteArrayList<>();
  private final List<AttemptApi.Hold> holds = new CopyOnWriteArrayList<>();
  private final List<Long> asked = new CopyOnWriteArrayList<>();
  private final Deque<CommitResult> answers = new ArrayDeque<>();
  private long newest;

  JudgingCommits(LoopbackBucket bucket, int epoch, long newest) {
    this.bucket = bucket;
    this.epoch = epoch;
    this.newest = newest;
  }

  /** Answers without looking, in this order, before it judges again. */
  synchronized void answer(CommitResult... results) {
    answers.addAll(Arrays.asList(results));
  }

  @Override
  public synchronized CommitResult commit(AttemptApi.Commit commit) {
    asked.add(commit.step());
    if (!answers.isEmpty()) {
      return answers.removeFirst();
    }
    if (commit.step() <= newest) {
      return new CommitResult.StepNotNewer();
    }
    Optional<String> problem = problem(commit);
    if (problem.isPresent()) {
      return new CommitResult.Unverified(problem.get());
    }
    newest = commit.step();
    pointers.add(
        new AttemptApi.Pointer(
            commit.step(),
            epoch,
            commit.manifestKey(),
            commit.manifestSha256(),
            commit.bytes(),
            commit.files()));
    return new CommitResult.Committed();
  }

  @Override
  public void hold(AttemptApi.Hold hold) {
    holds.add(hold);
  }

  List<AttemptApi.Pointer> pointers() {
    return pointers;
  }

  List<Long> steps() {
    return new ArrayList<>(pointers.stream().map(AttemptApi.Pointer::step).toList());
  }

  List<AttemptApi.Hold> holds() {
    return holds;
  }

  List<Long> asked() {
    return asked;
  }

  Manifest manifest(AttemptApi.Pointer pointer) {
    return manifest(bucket.objects().get(pointer.manifestKey()));
  }

  static Manifest manifest(byte[] content) {
    return Json.parse(new String(content, StandardCharsets.UTF_8), Manifest.class);
  }

  /** What a manifest says that the bucket does not hold. */
  static Optional<String> missing(LoopbackBucket bucket, Manifest manifest) {
    for (Manifest.File file : manifest.files()) {
      byte[] object = bucket.objects().get(file.key());
      if (object == null
          || object.length != file.bytes()
          || !Hex.of(Hex.sha256(object)).equals(file.sha256())) {
        return Optional.of(file.path());
      }
    }
    return Optional.empty();
  }

  private Optional<String> problem(AttemptApi.Commit commit) {
    byte[] content = bucket.objects().get(commit.manifestKey());
    if (content == null || !Hex.of(Hex.sha256(content)).equals(commit.manifestSha256())) {
      return Optional.of("no such manifest");
    }
    Manifest manifest = manifest(content);
    if (manifest.files().size() != commit.files()) {
      return Optional.of("another number of files");
    }
    return missing(bucket, manifest);
  }
}
