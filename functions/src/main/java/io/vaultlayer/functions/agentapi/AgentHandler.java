package io.vaultlayer.functions.agentapi;

import io.vaultlayer.core.job.FenceCause;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.job.Why;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.GpuFigures;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * Register, beat, ask for credentials, report the end. Authentication, fencing and lease extension
 * are one write.
 */
public final class AgentHandler {
  private static final int MOST_WARNINGS = 8;
  private static final int MOST_TEXT = 2000;

  /** A notice longer than this is a schedule, not a reclaim. */
  private static final int MOST_DRAIN_SECONDS = 3600;

  /** While a host drains, each second counts, and so does knowing that it is gone. */
  private static final int SAVING_FASTER = 4;

  private final Platform platform;
  private final Control control;
  private final Assignments assignments;
  private final Metronome metronome;

  public AgentHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.assignments = new Assignments(platform, control);
    this.metronome = new Metronome(platform, control.log());
  }

  public Map<String, Function<HttpRequest, Answer>> routes() {
    var root = "POST /v1/attempts/{job}/{epoch}/";
    return Map.of(
        root + "register", this::register,
        root + "heartbeat", this::heartbeat,
        root + "credentials", this::credentials,
        root + "exit", this::exit,
        root + "next", this::next,
        root + "reclaim", this::reclaim);
  }

  private Answer register(HttpRequest http) {
    var caller = Caller.of(http);
    var body = http.body(AttemptApi.Register.class);
    require(
        body.bootstrapToken() != null && body.instanceId() != null,
        "register carries launch, bootstrapToken and instanceId");
    var event =
        new JobEvent.Register(
            platform.clock().instant(),
            caller.epoch(),
            body.launch(),
            TokenHash.of(body.bootstrapToken()),
            caller.token(),
            shortened(body.instanceId()),
            shortened(Optional.ofNullable(body.machineId()).orElse("unknown")));
    var result = control.leases().apply(caller.job(), event);
    if (result instanceof Leases.Result.Ignored ignored) {
      if (ignored.why() == Why.BOOTSTRAP_COPIED) {
        fenceCopied(ignored.lease());
      }
      if (ignored.why() == Why.NOT_YET) {
        control
            .notes()
            .say(
                caller.job(),
                caller.epoch(),
                "register_not_yet",
                "the successor is ready and waits until the attempt before it is fenced");
      }
      throw caller.refused("registering", ignored);
    }
    control.effects().perform(result);
    return Answer.ok(assignments.make(result.lease()));
  }

  /**
   * A second token on a used bootstrap token: somebody copied it. The epoch ends, and an alarm is
   * raised.
   */
  private void fenceCopied(Lease lease) {
    control
        .log()
        .note(
            "alarm",
            lease.job().value(),
            "a bootstrap token was used twice in epoch " + lease.epoch());
    var id = "copied-" + HexFormat.of().formatHex(platform.entropy().bytes(8));
    var fence =
        new JobEvent.Fence(
            platform.clock().instant(),
            lease.epoch(),
            lease.sequence(),
            id,
            FenceCause.COPIED_TOKEN,
            Outcome.LOST,
            "its bootstrap token was used by somebody else too",
            false);
    control.effects().perform(control.leases().apply(lease.job(), fence));
  }

  private Answer heartbeat(HttpRequest http) {
    var caller = Caller.of(http);
    var body = http.body(AttemptApi.Heartbeat.class);
    require(
        body.beat() >= 1 && body.phase() != null && !body.phase().isBlank(),
        "a heartbeat carries beat (from 1) and phase");
    var event =
        new JobEvent.Heartbeat(
            platform.clock().instant(),
            caller.epoch(),
            caller.token(),
            body.beat(),
            shortened(body.phase()),
            step(body.step()),
            step(body.firstStep()),
            finite(body.loss()),
            finite(body.stepsPerSecond()),
            // What is none is left out, not refused: it is for people's eyes.
            Optional.ofNullable(body.gpus()).filter(g -> GpuFigures.parse(g).isPresent()));
    var result = control.leases().apply(caller.job(), event);
    if (result instanceof Leases.Result.Ignored ignored && ignored.why() != Why.BEAT_NOT_NEWER) {
      throw caller.refused("beating", ignored);
    }
    control.effects().perform(result);
    if (body.warnings() != null && !body.warnings().isEmpty()) {
      var warnings =
          body.warnings().stream()
              .filter(Objects::nonNull)
              .limit(MOST_WARNINGS)
              .map(AgentHandler::shortened)
              .toList();
      control.records().warnings(caller.job(), caller.epoch(), warnings);
    }
    metronome.look();
    return Answer.ok(ack(result.lease()));
  }

  private static AttemptApi.HeartbeatAck ack(Lease lease) {
    var launch = lease.boundLaunch();
    int beat = launch.map(LaunchRecord::beatSeconds).orElse(10);
    boolean saving = lease.state() == JobState.SAVING;
    boolean restart = lease.run().stalledAt().isPresent() && !lease.run().afterStall();
    return new AttemptApi.HeartbeatAck(
        saving ? Math.max(1, beat / SAVING_FASTER) : beat,
        launch.map(LaunchRecord::leaseSeconds).orElse(40),
        null,
        restart ? AttemptApi.RESTART : null);
  }

  /** Checked by a strong read: nothing is written, and what is issued dies with the epoch. */
  private Answer credentials(HttpRequest http) {
    var caller = Caller.of(http);
    var lease =
        control.leases().load(caller.job()).orElseThrow(() -> new Leases.UnknownJob(caller.job()));
    if (lease.epoch() != caller.epoch() || lease.token().isEmpty()) {
      throw caller.refused("issuing credentials", new Leases.Result.Ignored(lease, Why.FENCED));
    }
    if (!lease.token().get().matches(caller.token())) {
      throw caller.refused(
          "issuing credentials", new Leases.Result.Ignored(lease, Why.WRONG_TOKEN));
    }
    return Answer.ok(assignments.credentials(lease));
  }

  private Answer exit(HttpRequest http) {
    var caller = Caller.of(http);
    var body = http.body(AttemptApi.Exit.class);
    var outcome = outcome(body.outcome());
    if (outcome == Outcome.SUCCEEDED) {
      checkOutputs(caller, body);
    }
    var event =
        new JobEvent.Exit(
            platform.clock().instant(),
            caller.epoch(),
            caller.token(),
            outcome,
            Optional.ofNullable(body.exitCode()),
            Optional.ofNullable(body.reason())
                .map(AgentHandler::shortened)
                .orElse("user_program_failed"),
            Optional.ofNullable(body.detail())
                .map(AgentHandler::shortened)
                .orElse(outcome == Outcome.SUCCEEDED ? "exit code 0" : outcome.wireName()),
            step(body.firstStep()),
            step(body.lastStep()));
    return ended(caller, "reporting the end of", control.leases().apply(caller.job(), event));
  }

  private void checkOutputs(Caller caller, AttemptApi.Exit body) {
    var key = BucketLayout.outputsManifest(caller.job().value(), caller.epoch());
    require(
        key.equals(body.outputsManifestKey()) && body.outputsManifestSha256() != null,
        "success carries the outputs' manifest, " + key + ", and its digest");
    var stored = platform.bucket("BUCKET").sha256(key);
    if (stored.isEmpty() || !stored.get().equals(body.outputsManifestSha256())) {
      throw new ApiError(
          422,
          "outputs_missing",
          "reporting the end of "
              + caller.job()
              + ": the outputs' manifest is not in the bucket as told; store it and repeat");
    }
  }

  private Answer ended(Caller caller, String doing, Leases.Result result) {
    if (result instanceof Leases.Result.Ignored ignored) {
      throw caller.refused(doing, ignored);
    }
    control.effects().perform(result);
    return Answer.ok(
        new AttemptApi.NextAnswer(
            null, result.lease().state().wireName(), result.lease().reason().orElse(null)));
  }

  private Answer next(HttpRequest http) {
    var caller = Caller.of(http);
    var body = http.body(AttemptApi.Next.class);
    require(
        body.nextTokenSha256() != null && body.nextTokenSha256().matches("[0-9a-f]{64}"),
        "next carries nextTokenSha256, 64 hex digits");
    var outcome = outcome(body.outcome());
    require(
        outcome == Outcome.LOST || outcome == Outcome.STALLED,
        "a restart in place follows a loss or a stall");
    var event =
        new JobEvent.NextEpoch(
            platform.clock().instant(),
            caller.epoch(),
            caller.token(),
            new TokenHash(body.nextTokenSha256()),
            outcome,
            Optional.ofNullable(body.detail())
                .map(AgentHandler::shortened)
                .orElse(outcome.wireName()),
            step(body.firstStep()),
            step(body.lastStep()));
    var result = control.leases().apply(caller.job(), event);
    if (result instanceof Leases.Result.Ignored || result.lease().state() != JobState.STARTING) {
      return ended(caller, "restarting", result);
    }
    control.effects().perform(result);
    return Answer.ok(
        new AttemptApi.NextAnswer(
            assignments.make(result.lease()), result.lease().state().wireName(), null));
  }

  private Answer reclaim(HttpRequest http) {
    var caller = Caller.of(http);
    var body = http.body(AttemptApi.Reclaim.class);
    require(body.noticeSeconds() >= 0, "noticeSeconds is 0 or more");
    int drain = Math.min(body.noticeSeconds(), MOST_DRAIN_SECONDS);
    var now = platform.clock().instant();
    var result =
        control
            .leases()
            .apply(
                caller.job(),
                new JobEvent.Reclaim(now, caller.epoch(), caller.token(), now.plusSeconds(drain)));
    if (result instanceof Leases.Result.Ignored ignored) {
      throw caller.refused("draining", ignored);
    }
    control.effects().perform(result);
    return Answer.ok(new AttemptApi.ReclaimAck(drain));
  }

  private static Outcome outcome(String text) {
    for (var outcome :
        List.of(
            Outcome.SUCCEEDED,
            Outcome.FAILED,
            Outcome.LOST,
            Outcome.RECLAIMED,
            Outcome.UNHEALTHY,
            Outcome.STALLED)) {
      if (outcome.wireName().equals(text)) {
        return outcome;
      }
    }
    throw new ApiError(
        400,
        "malformed",
        "reading the request: outcome is succeeded, failed, lost, reclaimed, unhealthy or stalled;"
            + " correct it and repeat");
  }

  static Optional<Long> step(Long step) {
    require(step == null || step >= 0, "a step is 0 or more");
    return Optional.ofNullable(step);
  }

  private static Optional<Double> finite(Double value) {
    return Optional.ofNullable(value).filter(Double::isFinite);
  }

  static String shortened(String text) {
    return text.length() <= MOST_TEXT ? text : text.substring(0, MOST_TEXT);
  }

  static void require(boolean holds, String what) {
    if (!holds) {
      throw new ApiError(
          400, "malformed", "reading the request: " + what + "; correct it and repeat");
    }
  }
}
