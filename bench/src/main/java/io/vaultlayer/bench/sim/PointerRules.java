package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Checks.JobTruth;
import io.vaultlayer.bench.sim.Invocation.Caller;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Where a write may move the pointer: by a commit, a salvage or a condemn. */
final class PointerRules {
  private final World world;
  private final Checks checks;

  PointerRules(World world, Checks checks) {
    this.world = world;
    this.checks = checks;
  }

  void moved(JobTruth job, Lease old, Lease lease, Optional<Caller> caller) {
    var verb = caller.map(Caller::verb).orElse("");
    var id = job.id;
    if (verb.equals("condemn")) {
      condemned(job, old, lease);
      return;
    }
    if (lease.pointer().isEmpty()) {
      checks.broken("INV-2", id + ": the pointer is gone");
      return;
    }
    var pointer = lease.pointer().get();
    require(
        old.pointer().isEmpty() || pointer.step() > old.pointer().get().step(),
        "INV-3",
        id,
        "step "
            + pointer.step()
            + " was committed after step "
            + old.pointer().map(Pointer::step).orElse(0L));
    if (verb.equals("commit")) {
      require(
          pointer.epoch() == old.epoch() && caller.get().epoch() == old.epoch(),
          "INV-1",
          id,
          "epoch " + caller.get().epoch() + " committed in epoch " + old.epoch());
      require(
          old.state() == JobState.RUNNING || old.state() == JobState.SAVING,
          "INV-1",
          id,
          "a commit was taken while " + old.state());
      job.committingEpochs.add(pointer.epoch());
    } else {
      require(
          pointer.epoch() == old.epoch() - 1 && old.bound().isEmpty(),
          "INV-1",
          id,
          "a salvage of epoch " + pointer.epoch() + " in epoch " + old.epoch());
    }
    require(
        !job.condemned.contains(pointer.manifestKey() + pointer.manifestSha256()),
        "INV-2",
        id,
        "a condemned checkpoint is the pointer again");
    var problem = problem(id, pointer);
    require(
        problem.isEmpty() || damagedMeanwhile(problem.get()),
        "INV-2",
        id,
        "committed, but " + problem.map(Problem::text).orElse(""));
    job.committed.add(pointer.manifestKey());
    job.committedRows.add("%08d#%012d".formatted(pointer.epoch(), pointer.step()));
  }

  private void condemned(JobTruth job, Lease old, Lease lease) {
    var id = job.id;
    var damaged = old.pointer().orElseThrow();
    require(old.state() == JobState.STARTING, "INV-2", id, "condemned while " + old.state());
    require(digests(damaged).isPresent(), "INV-2", id, "a sound checkpoint was condemned");
    job.condemned.add(damaged.manifestKey() + damaged.manifestSha256());
    lease
        .pointer()
        .ifPresent(next -> {
          require(
              old.earlier().stream().anyMatch(p -> p.same(next)),
              "INV-2",
              id,
              "condemned, and the pointer is one that was never committed");
          var problem = problem(id, next);
          require(
              problem.isEmpty() || damagedMeanwhile(problem.get()),
              "INV-2",
              id,
              "condemned, and the one before it is damaged too: "
                  + problem.map(Problem::text).orElse(""));
        });
    require(
        lease.run().resumedFrom().equals(lease.pointer().map(Pointer::step)),
        "INV-4",
        id,
        "condemned, but resumes from " + lease.run().resumedFrom());
  }

  /** What is wrong with an object of a checkpoint. */
  private record Problem(String key, String text) {}

  /** A file may rot between this invocation's look at it and its write. */
  private boolean damagedMeanwhile(Problem problem) {
    long begunAt = world.plane.current.map(i -> i.begunAt).orElse(world.engine.now());
    return checks.wasDamagedSince(problem.key(), begunAt);
  }

  /** Manifest and files as they were told, by names and sizes. */
  private Optional<Problem> problem(String id, Pointer pointer) {
    var manifestKey = pointer.manifestKey();
    var body = world.objects.read(manifestKey, Integer.MAX_VALUE);
    if (body.isEmpty()) {
      return Optional.of(new Problem(manifestKey, "its manifest is missing"));
    }
    if (!TokenHash.ofBytes(body.get()).equals(pointer.manifestSha256())) {
      return Optional.of(new Problem(manifestKey, "its manifest has another digest"));
    }
    var manifest = Json.parse(new String(body.get(), StandardCharsets.UTF_8), Manifest.class);
    if (!manifest.job().equals(id)
        || manifest.epoch() != pointer.epoch()
        || manifest.step() != pointer.step()) {
      return Optional.of(new Problem(manifestKey, "its manifest is of another job, epoch or step"));
    }
    for (var file : manifest.files()) {
      var object = world.objects.read(file.key(), Integer.MAX_VALUE);
      if (object.isEmpty()) {
        return Optional.of(new Problem(file.key(), file.key() + " is missing"));
      }
      if (object.get().length != file.bytes()) {
        return Optional.of(new Problem(file.key(), file.key() + " has another size"));
      }
    }
    return Optional.empty();
  }

  /** The first thing whose digest is not as told. */
  private Optional<String> digests(Pointer pointer) {
    return Checkpoint.read(
                world.objects,
                new AttemptApi.Pointer(
                    pointer.step(),
                    pointer.epoch(),
                    pointer.manifestKey(),
                    pointer.manifestSha256(),
                    pointer.bytes(),
                    pointer.files()))
            .isPresent()
        ? Optional.empty()
        : Optional.of("a digest differs");
  }

  private void require(boolean holds, String invariant, String id, String detail) {
    if (!holds) {
      checks.broken(invariant, id + ": " + detail);
    }
  }
}
