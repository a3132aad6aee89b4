package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Plane.Reply;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.SubmitResponse;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** People with jobs: they submit, upload, start, look now and then, cancel, resume and kill. */
final class Users {
  private static final byte[] ARCHIVE = "archive".getBytes(StandardCharsets.UTF_8);
  private static final long PATIENCE = 15_000;
  private static final String KEY = "key-of-job-";

  private final World world;
  private final Map<String, JobPlan> plans = new LinkedHashMap<>();

  /** Jobs that were started, by the index of their plan. */
  private final Map<Integer, String> started = new HashMap<>();

  Users(World world) {
    this.world = world;
  }

  void start() {
    for (var job : world.plan.jobs()) {
      world.engine.at(job.submitAtMillis(), () -> submit(job, 0));
    }
  }

  JobPlan planOf(String job) {
    return plans.get(job);
  }

  Map<String, JobPlan> plans() {
    return plans;
  }

  Optional<String> started(int plan) {
    return Optional.ofNullable(started.get(plan));
  }

  private Map<String, Object> request(JobPlan job) {
    var request = new LinkedHashMap<String, Object>();
    request.put("command", List.of("python3", "train.py"));
    request.put("name", "job-" + job.index());
    request.put("workdir", Map.of("sha256", TokenHash.ofBytes(ARCHIVE), "bytes", ARCHIVE.length));
    request.put("environment", Map.of("API_KEY", Checks.TAINT + "-env-" + job.index()));
    request.put("gpu", List.of(Map.of("gpu", "A100_80", "count", 1)));
    job.pricing().ifPresent(p -> request.put("pricing", p));
    job.budgetUsd().ifPresent(b -> request.put("budgetUsd", b));
    job.deadlineMinutes().ifPresent(d -> request.put("deadline", d + "m"));
    job.maxWaitMinutes().ifPresent(m -> request.put("maxWait", m + "m"));
    var kept = Chance.of(world.plan.seed(), "keep", job.index());
    request.put("keepLast", 2 + kept.nextInt(3));
    request.put("keepEvery", kept.nextInt(4));
    request.put("failover", job.failover());
    if (job.maxAttempts() > 0) {
      request.put("maxAttempts", job.maxAttempts());
    }
    return request;
  }

  private void call(
      String route,
      Map<String, String> path,
      Map<String, String> headers,
      Object body,
      Consumer<Reply> then) {
    world.plane.call(
        new Plane.Call(route, path, headers, body, "user", Optional.empty()), PATIENCE, then);
  }

  private void submit(JobPlan job, int tries) {
    Map<String, String> headers =
        job.keyed() ? Map.of("Idempotency-Key", KEY + job.index()) : Map.of();
    call(
        "POST /v1/jobs",
        Map.of(),
        headers,
        request(job),
        reply -> {
          if (reply.ok()) {
            var made = reply.as(SubmitResponse.class);
            plans.put(made.job().id(), job);
            world.checks.submitted(made.job().id(), job);
            arm(job, made, 0);
          } else {
            again(tries, () -> submit(job, tries + 1));
          }
        });
  }

  private void again(int tries, Runnable work) {
    if (tries < 400) {
      world.engine.after(Math.min(30_000, 500L << Math.min(tries, 6)), work);
    }
  }

  private void arm(JobPlan job, SubmitResponse made, int tries) {
    if (made.upload() != null) {
      world.objects.use("PUT", URI.create(made.upload().url()), ARCHIVE);
    }
    begin(job, made.job().id(), tries);
  }

  private void begin(JobPlan job, String id, int tries) {
    call(
        "POST /v1/jobs/{id}/start",
        Map.of("id", id),
        Map.of(),
        "",
        reply -> {
          if (reply.ok()) {
            started.put(job.index(), id);
            world.trace.note("started", id, "job " + job.index());
            watch(id);
          } else if (reply.status() == 0 || reply.status() >= 500) {
            again(tries, () -> begin(job, id, tries + 1));
          } else {
            world.trace.note("not started", id, reply.code());
          }
        });
  }

  /** Looks every few minutes, as people do. */
  private void watch(String id) {
    world.engine.after(
        Chance.between(world.chance("looks"), 120_000, 420_000),
        () -> {
          if (world.over || world.engine.now() > world.plan.leastMillis()) {
            return;
          }
          switch (world.chance("looks").nextInt(6)) {
            case 0 -> look("GET /v1/jobs/{id}/explain", Map.of("id", id));
            case 1 -> look("GET /v1/jobs/{id}/checkpoints", Map.of("id", id));
            case 2 -> look("GET /v1/jobs", Map.of());
            default -> look("GET /v1/jobs/{id}", Map.of("id", id));
          }
          if (!world.checks.ended(id)) {
            watch(id);
          }
        });
  }

  private void look(String route, Map<String, String> path) {
    call(route, path, Map.of(), "", reply -> {});
  }

  // ---- what people do to a running system

  /** The job that a fault means: one that was started, counted round. */
  Optional<String> pick(int target) {
    var ids = started.keySet().stream().sorted().map(started::get).toList();
    return ids.isEmpty() ? Optional.empty() : Optional.of(ids.get(target % ids.size()));
  }

  void cancel(String id, int tries) {
    if (tries == 0) {
      world.checks.cancelAsked(id);
      world.trace.note("user cancels", id);
    }
    call(
        "POST /v1/jobs/{id}/cancel",
        Map.of("id", id),
        Map.of(),
        "",
        reply -> {
          if (reply.status() == 0 || reply.status() >= 500) {
            again(tries, () -> cancel(id, tries + 1));
          }
        });
  }

  void resume(String id) {
    call(
        "GET /v1/jobs/{id}",
        Map.of("id", id),
        Map.of(),
        "",
        status -> {
          if (status.ok()) {
            int epoch = Json.tree(status.body()).path("epoch").asInt();
            world.trace.note("user resumes", id, "e" + epoch);
            call(
                "POST /v1/jobs/{id}/resume",
                Map.of("id", id),
                Map.of(),
                Map.of("epoch", epoch),
                reply -> {});
          }
        });
  }

  void kill(String id) {
    world.trace.note("user kills the instance", id);
    call("POST /v1/jobs/{id}/simulate-instance-death", Map.of("id", id), Map.of(), "", reply -> {});
  }

  /** Nothing is uploaded; the job is cancelled and, although it never began, resumed. */
  private void thinkAgain(Reply reply) {
    if (reply.ok()) {
      var id = reply.as(SubmitResponse.class).job().id();
      world.engine.after(5_000, () -> cancel(id, 0));
      world.engine.after(60_000, () -> resume(id));
    }
  }

  /** The same key again: the same job for the same request, a refusal for another one. */
  void submitAgain(JobPlan job) {
    if (!job.keyed() || started(job.index()).isEmpty()) {
      call("POST /v1/jobs", Map.of(), Map.of(), request(job), this::thinkAgain);
      return;
    }
    var headers = Map.of("Idempotency-Key", KEY + job.index());
    var first = started(job.index()).get();
    call(
        "POST /v1/jobs",
        Map.of(),
        headers,
        request(job),
        reply -> {
          if (reply.ok()) {
            world.checks.sameJob(first, reply.as(SubmitResponse.class).job().id());
          }
        });
    var other = new LinkedHashMap<>(request(job));
    other.put("command", List.of("python3", "other.py"));
    call(
        "POST /v1/jobs",
        Map.of(),
        headers,
        other,
        reply -> {
          if (reply.ok()) {
            world.checks.sameJob("(a refusal)", reply.as(SubmitResponse.class).job().id());
          }
        });
  }
}
