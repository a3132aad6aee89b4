package io.vaultlayer.functions.api;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Policy;
import io.vaultlayer.core.lease.Submission;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.JobSpec;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.SubmitRequest;
import io.vaultlayer.wire.SubmitResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Takes a job in: stores it, hands out a place for its work directory, and makes it due once that
 * has arrived.
 */
public final class SubmitHandler {
  /** How long a submission key is kept: a retry after a longer pause is a new job. */
  static final Duration KEY_LIFE = Duration.ofDays(7);

  private static final Duration UPLOAD_LIFE = Duration.ofHours(1);
  private final Platform platform;
  private final Control control;
  private final StatusView status;
  private final SubmitRules rules;

  public SubmitHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.status = new StatusView(control.records());
    this.rules = new SubmitRules(platform);
  }

  public Map<String, Function<HttpRequest, Answer>> routes() {
    return Map.of("POST /v1/jobs", this::submit, "POST /v1/jobs/{id}/start", this::start);
  }

  private Answer submit(HttpRequest http) {
    var request = http.body(SubmitRequest.class);
    var now = platform.clock().instant();
    var key = Optional.ofNullable(http.headers().get("idempotency-key")).filter(k -> !k.isBlank());
    key.ifPresent(SubmitRules::checkKey);
    var digest = digest(request);
    // Looked at once: a row that came after this look must refuse the write, not be replaced by it.
    var row = key.flatMap(k -> control.records().idempotency(k));
    var known = row.flatMap(r -> earlier(key.get(), r, digest, now));
    if (known.isPresent()) {
      return answer(known.get());
    }
    var spec = rules.spec(request, digest, now);
    var job = JobId.make(now.toEpochMilli(), platform.entropy().bytes(10));
    var lease = Submission.lease(job, now, policy(request));
    var writes = new ArrayList<Write>();
    writes.add(control.leases().creation(lease));
    var expect = row.map(i -> Expect.version(i.version())).orElse(Expect.absent());
    var keyWrite =
        key.map(k ->
            control
                .records()
                .idempotencyWrite(k, job, digest, now.plus(KEY_LIFE).getEpochSecond(), expect));
    writes.addAll(control.records().creation(job, spec, environment(request), keyWrite));
    if (platform.store().write(writes) instanceof WriteResult.Refused) {
      return key.flatMap(k -> control.records().idempotency(k))
          .flatMap(r -> earlier(key.get(), r, digest, now))
          .map(this::answer)
          .orElseThrow(() ->
              new ApiError(
                  409,
                  "conflict",
                  "submitting: another submission with this key is under way; repeat the call"));
    }
    return answer(lease);
  }

  /**
   * Of what is asked for. In which order a client writes its variables says nothing, nor from which
   * shell it was called: {@code hostEnvironment} is what the terminal of the moment had.
   */
  private static String digest(SubmitRequest request) {
    var asked = new TreeMap<String, Object>(Json.toMap(request));
    asked.remove("hostEnvironment");
    return TokenHash.of(Json.render(sorted(asked))).hex();
  }

  private static Object sorted(Object value) {
    return switch (value) {
      case Map<?, ?> map -> {
        var inOrder = new TreeMap<String, Object>();
        map.forEach((k, v) -> inOrder.put(String.valueOf(k), sorted(v)));
        yield inOrder;
      }
      case List<?> list -> list.stream().map(SubmitHandler::sorted).toList();
      default -> value;
    };
  }

  private Optional<Lease> earlier(String key, Item row, String digest, Instant now) {
    var f = Fields.of(row.attributes());
    if (f.number("expiresAt") < now.getEpochSecond()) {
      return Optional.empty();
    }
    if (!f.text("request").equals(digest)) {
      throw new ApiError(
          409,
          "idempotency_conflict",
          "submitting: the key " + key + " was used for another request; choose another key");
    }
    return control.leases().load(new JobId(f.text("job")));
  }

  private Answer answer(Lease lease) {
    var spec = control.records().spec(lease.job()).orElseThrow();
    SubmitResponse.Upload upload = null;
    if (!lease.armed() && !lease.state().isFinal()) {
      var url =
          platform
              .bucket("BUCKET")
              .presignPut(workdirKey(lease.job(), spec), spec.workdirBytes(), UPLOAD_LIFE);
      var until = platform.clock().instant().plus(UPLOAD_LIFE);
      upload = new SubmitResponse.Upload(url.toString(), "PUT", Map.of(), until.toString());
    }
    return new Answer(201, new SubmitResponse(status.render(lease, spec), upload));
  }

  private Answer start(HttpRequest http) {
    var job = http.job("id");
    var spec =
        control
            .records()
            .spec(job)
            .orElseThrow(() -> new io.vaultlayer.functions.state.Leases.UnknownJob(job));
    var lease = control.leases().load(job).orElseThrow();
    if (!lease.armed()) {
      WorkdirCheck.verify(
          platform.bucket("BUCKET"),
          workdirKey(job, spec),
          spec.workdirSha256(),
          spec.workdirBytes());
    }
    var result = control.leases().apply(job, new JobEvent.Start(platform.clock().instant()));
    control.effects().perform(result);
    if (!result.lease().armed()) {
      throw new ApiError(
          409,
          "not_startable",
          "starting job " + job + ": it ended before it was started; submit it anew");
    }
    return Answer.ok(status.render(result.lease(), spec));
  }

  private static String workdirKey(JobId job, JobSpec spec) {
    return BucketLayout.workdir(job.value(), spec.workdirSha256());
  }

  private Policy policy(SubmitRequest request) {
    return new Policy(
        request.failover() == null || request.failover(),
        request.maxAttempts() == null ? 0 : request.maxAttempts(),
        rules.deadline(request.deadline(), platform.clock().instant()),
        SubmitRules.keep(request).last());
  }

  private static Map<String, Object> environment(SubmitRequest request) {
    var secrets = request.secrets() == null ? List.<String>of() : request.secrets();
    return Fields.fresh()
        .put("user", SubmitRules.checkedEnvironment(request.environment()))
        .put("host", SubmitRules.checkedEnvironment(request.hostEnvironment()))
        .put("secrets", secrets)
        .map();
  }
}
