package io.vaultlayer.bench.sim;

import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.core.retain.CheckpointId;
import io.vaultlayer.core.retain.Retained;
import io.vaultlayer.functions.state.RetentionRows;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Effects on the world outside: each one rests on something that is stored already. */
final class EffectRules {
  private final World world;
  private final Checks checks;

  EffectRules(World world, Checks checks) {
    this.world = world;
    this.checks = checks;
  }

  private Optional<InstanceRow> row(String label) {
    return world.rows.get("instances", Key.of(label)).map(Checks::row);
  }

  void creating(Cloud cloud, Provider.Launch launch) {
    var truth = checks.launch(launch.label());
    truth.creates++;
    checks.secret(Json.parse(launch.bootstrap(), AttemptApi.Bootstrap.class).bootstrapToken());
    checks.require(
        truth.creates == 1, "INV-11", launch.label() + " is created a second time, blindly");
    checks.require(
        truth.intended, "INV-11", launch.label() + " is created, and no lease intends it");
    checks.require(
        row(launch.label()).isPresent(),
        "INV-11",
        launch.label() + " is created without an instance item");
    checks.require(
        row(launch.label()).filter(r -> r.provider().equals(cloud.facts().name())).isPresent(),
        "INV-11",
        launch.label() + " is created at another provider than intended");
  }

  void terminating(Cloud cloud, String label, Optional<String> instanceId) {
    checks.launch(label).terminates++;
    checks.require(
        checks.launch(label).toEnd || instanceId.isPresent() && row(label).isPresent(),
        "INV-11",
        label + " is terminated without a stored intention");
    checks.require(
        !checks.owned(label) || instanceId.isPresent() && !isOwners(label, instanceId.get()),
        "INV-7",
        label + " is terminated although a live job owns it");
  }

  /** The one instance under an owned label that its lease names. */
  private boolean isOwners(String label, String instanceId) {
    return checks.jobs().values().stream()
        .flatMap(j -> j.lease.stream())
        .flatMap(l -> l.launches().stream())
        .anyMatch(
            l -> l.label().equals(label) && l.instanceId().filter(instanceId::equals).isPresent());
  }

  void published(String detailType, String detailJson) {
    var detail = Json.tree(detailJson);
    var id = detail.path("job").asText();
    int epoch = detail.path("epoch").asInt();
    var job = checks.job(id);
    var lease = job.lease;
    if (lease.isEmpty()) {
      checks.broken("INV-11", detailType + " of " + id + ", which is not stored");
      return;
    }
    checks.require(
        epoch <= lease.get().epoch(),
        "INV-11",
        detailType + " tells of epoch " + epoch + " of " + id + ", which has not begun");
    checks.require(
        holds(detailType, job, lease.get(), epoch),
        "INV-11",
        detailType + " of " + id + " is told, and it is not so");
    job.announced.add(detailType);
    world.trace.note("event", id, detailType);
  }

  private static boolean holds(String type, Checks.JobTruth job, Lease lease, int epoch) {
    return switch (type) {
      case "JobSubmitted", "ProvisionRequested", "ResumeRequested" -> job.armed;
      case "AttemptStarted" -> job.attemptedEpochs.contains(epoch);
      case "AttemptFenced" -> !job.fencedAt.isEmpty();
      case "CheckpointCommitted" -> !job.committed.isEmpty();
      case "JobSucceeded" -> lease.state() == JobState.SUCCEEDED;
      case "JobFailed", "JobCancelled", "JobStopped" -> !job.fencedAt.isEmpty();
      default -> true;
    };
  }

  /**
   * Only the reaper deletes, and never what somebody may start from: the checkpoints that a lease
   * names, with all their files, and every commit that was not pruned before.
   */
  void deleting(List<String> keys) {
    checks.require(
        world.plane.current.filter(i -> i.function == Invocation.Function.REAPER).isPresent(),
        "INV-2",
        "somebody else than the reaper deletes");
    var gone = new HashSet<>(keys);
    for (var job : checks.jobs().values()) {
      for (var manifest : needed(job)) {
        checks.require(
            !gone.contains(manifest), "INV-2", "the manifest " + manifest + " is deleted");
        files(manifest)
            .filter(gone::contains)
            .forEach(file ->
                checks.broken("INV-2", file + " is deleted, and " + manifest + " names it"));
      }
    }
  }

  /** Manifests of a job that nobody has marked as pruned or found damaged. */
  private Set<String> needed(Checks.JobTruth job) {
    var needed = new TreeSet<String>();
    job.lease.ifPresent(lease -> {
      lease.pointer().ifPresent(p -> needed.add(p.manifestKey()));
      lease.earlier().forEach(p -> needed.add(p.manifestKey()));
    });
    var retained =
        world
            .rows
            .get("jobs", new Key(job.id, "retention"))
            .map(i -> RetentionRows.parse(i.attributes()))
            .orElse(Retained.NOTHING);
    for (var row : job.committedRows) {
      var id = CheckpointId.parse(row);
      if (!retained.isPruned(id)) {
        needed.add(BucketLayout.checkpointManifest(job.id, id.epoch(), id.step()));
      }
    }
    needed.removeIf(key -> job.condemned.stream().anyMatch(c -> c.startsWith(key)));
    return needed;
  }

  private Stream<String> files(String manifest) {
    var body = world.objects.read(manifest, Integer.MAX_VALUE);
    try {
      return body.isEmpty()
          ? Stream.empty()
          : Json.parse(new String(body.get(), StandardCharsets.UTF_8), Manifest.class)
              .files()
              .stream()
              .map(Manifest.File::key);
    } catch (Json.MalformedJson e) {
      return Stream.empty(); // a fault of this world has damaged it
    }
  }
}
