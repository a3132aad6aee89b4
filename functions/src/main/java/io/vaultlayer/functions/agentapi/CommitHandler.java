package io.vaultlayer.functions.agentapi;

import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.Why;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.functions.state.CheckpointVerifier;
import io.vaultlayer.functions.state.CheckpointVerifier.Look;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.functions.state.Metrics.Metric;
import io.vaultlayer.functions.state.Shared;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Checkpoints: verify, then move the pointer; or see the damage, then move it back. */
public final class CommitHandler {
  /** The pointer moves under a commit only when two of one attempt race. */
  private static final int MOST_TRIES = 3;

  private final Platform platform;
  private final Control control;

  public CommitHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
  }

  public Map<String, Function<HttpRequest, Answer>> routes() {
    var root = "POST /v1/attempts/{job}/{epoch}/";
    return Map.of(
        root + "commit", this::commit, root + "condemn", this::condemn, root + "hold", this::hold);
  }

  /**
   * The owner's lease; whoever does not own it is refused before anything is read from the bucket.
   */
  private Lease owned(Caller caller, String doing) {
    var lease = load(caller);
    stranger(caller, lease)
        .ifPresent(ignored -> {
          throw caller.refused(doing, ignored);
        });
    return lease;
  }

  private Lease load(Caller caller) {
    return control
        .leases()
        .load(caller.job())
        .orElseThrow(() -> new Leases.UnknownJob(caller.job()));
  }

  private static Optional<Leases.Result.Ignored> stranger(Caller caller, Lease lease) {
    if (lease.epoch() != caller.epoch() || lease.token().isEmpty()) {
      return Optional.of(new Leases.Result.Ignored(lease, Why.FENCED));
    }
    return lease.token().get().matches(caller.token())
        ? Optional.empty()
        : Optional.of(new Leases.Result.Ignored(lease, Why.WRONG_TOKEN));
  }

  private Answer commit(HttpRequest http) {
    var caller = Caller.of(http);
    var body = http.body(AttemptApi.Commit.class);
    var result = verified(caller, body);
    for (int tries = 1; tries < MOST_TRIES && moved(result); tries++) {
      result = verified(caller, body);
    }
    if (result instanceof Leases.Result.Ignored ignored) {
      throw notCommitted(caller, body.step(), ignored);
    }
    control.effects().perform(result);
    if (result instanceof Leases.Result.Done done && done.edge() == Edge.DID_NOT_RESUME) {
      throw caller.refused(
          "committing", new Leases.Result.Ignored(done.lease(), Why.STEP_NOT_NEWER));
    }
    return Answer.ok(new AttemptApi.Committed(body.step(), caller.epoch()));
  }

  private static boolean moved(Leases.Result result) {
    return result instanceof Leases.Result.Ignored(var lease, var why) && why == Why.POINTER_MOVED;
  }

  /** Looks at the checkpoint and at what it shares, and commits it if the pointer stands still. */
  private Leases.Result verified(Caller caller, AttemptApi.Commit body) {
    var lease = load(caller);
    var stranger = stranger(caller, lease);
    if (stranger.isPresent()) {
      throw notCommitted(caller, body.step(), stranger.get());
    }
    var key =
        BucketLayout.checkpointManifest(
            caller.job().value(), caller.epoch(), Math.max(0, body.step()));
    AgentHandler.require(
        body.step() >= 0 && key.equals(body.manifestKey()) && body.manifestSha256() != null,
        "a commit carries step, manifestKey (" + key + ") and manifestSha256");
    var bucket = platform.bucket("BUCKET");
    var whole =
        switch (new CheckpointVerifier(bucket).look(caller.job(), key, body.manifestSha256())) {
          case Look.Damaged damaged -> throw unverified(caller, body.step(), damaged.problem());
          case Look.Whole found -> found;
        };
    var manifest = whole.manifest();
    if (manifest.epoch() != caller.epoch()
        || manifest.step() == null
        || manifest.step() != body.step()) {
      throw unverified(caller, body.step(), "the manifest is of another epoch or step");
    }
    boolean shares = !Shared.isNothing(manifest);
    if (shares && isNewer(lease, body.step())) {
      Shared.problem(bucket, lease, manifest)
          .ifPresent(problem -> {
            throw unverified(caller, body.step(), problem);
          });
    }
    var pointer =
        new Pointer(
            body.step(),
            caller.epoch(),
            key,
            body.manifestSha256(),
            whole.bytes(),
            manifest.files().size(),
            platform.clock().instant());
    return control
        .leases()
        .apply(
            caller.job(),
            new JobEvent.Commit(
                platform.clock().instant(),
                caller.epoch(),
                caller.token(),
                pointer,
                shares ? lease.pointer() : Optional.empty()));
  }

  /** What is there already, or older, is answered as such, whatever has become of its files. */
  private static boolean isNewer(Lease lease, long step) {
    return lease.pointer().filter(p -> p.step() >= step).isEmpty();
  }

  /** Told to the caller, counted, and kept for whoever asks why the pointer did not move. */
  private ApiError notCommitted(Caller caller, long step, Leases.Result.Ignored ignored) {
    var lease = ignored.lease();
    if (ignored.why() == Why.FENCED && caller.epoch() <= lease.epoch()) {
      control.metrics().count(Metric.FENCED_COMMITS_REFUSED, Optional.of(caller.job()));
      control
          .notes()
          .say(
              caller.job(),
              caller.epoch(),
              "commit_fenced",
              "step " + step + " was not taken: this epoch no longer owns the job");
    } else if (ignored.why() == Why.STEP_NOT_NEWER) {
      control
          .notes()
          .say(
              caller.job(),
              caller.epoch(),
              "commit_step_not_newer",
              "step "
                  + step
                  + " was not taken: step "
                  + lease.pointer().map(p -> Long.toString(p.step())).orElse("none")
                  + " is committed");
    }
    return caller.refused("committing", ignored);
  }

  private ApiError unverified(Caller caller, long step, String problem) {
    control
        .notes()
        .say(
            caller.job(),
            caller.epoch(),
            "commit_unverified",
            "step " + step + " was not taken: " + problem);
    return new ApiError(
        422,
        "checkpoint_unverified",
        "committing " + caller.job() + ": " + problem + "; nothing was committed");
  }

  private Answer condemn(HttpRequest http) {
    var caller = Caller.of(http);
    var body = http.body(AttemptApi.Condemn.class);
    var lease = owned(caller, "condemning");
    var pointer = lease.pointer();
    if (pointer.isEmpty() || !pointer.get().manifestKey().equals(body.manifestKey())) {
      return Answer.ok(new AttemptApi.Condemned(pointer.map(Assignments::pointer).orElse(null)));
    }
    var verifier = new CheckpointVerifier(platform.bucket("BUCKET"));
    var damage =
        verifier
            .damage(caller.job(), pointer.get())
            .orElseThrow(() ->
                new ApiError(
                    422,
                    "not_damaged",
                    "condemning "
                        + caller.job()
                        + " step "
                        + pointer.get().step()
                        + ": every file has its size and digest in the bucket; fetch it again"));
    Optional<Pointer> replacement =
        lease.earlier().stream()
            .filter(p ->
                verifier.look(caller.job(), p.manifestKey(), p.manifestSha256())
                    instanceof Look.Whole)
            .findFirst();
    var result =
        control
            .leases()
            .apply(
                caller.job(),
                new JobEvent.Condemn(
                    platform.clock().instant(),
                    caller.epoch(),
                    caller.token(),
                    pointer.get(),
                    replacement,
                    damage));
    if (result instanceof Leases.Result.Ignored ignored && ignored.why() != Why.POINTER_MOVED) {
      throw caller.refused("condemning", ignored);
    }
    control.effects().perform(result);
    return Answer.ok(
        new AttemptApi.Condemned(result.lease().pointer().map(Assignments::pointer).orElse(null)));
  }

  /** A checkpoint that the agent did not commit, and why: kept for the user's eyes. */
  private Answer hold(HttpRequest http) {
    var caller = Caller.of(http);
    var body = http.body(AttemptApi.Hold.class);
    owned(caller, "holding back");
    AgentHandler.require(
        body.step() >= 0 && body.reason() != null, "a hold carries step and reason");
    var row =
        Fields.fresh()
            .put("step", body.step())
            .put("epoch", (long) caller.epoch())
            .put("reason", AgentHandler.shortened(body.reason()))
            .put("bytes", Optional.ofNullable(body.bytes()), n -> n)
            .put("files", Optional.ofNullable(body.files()), Integer::longValue)
            .map();
    control.records().hold(caller.job(), caller.epoch(), body.step(), row);
    return Answer.ok(Map.of());
  }
}
