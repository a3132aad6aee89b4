package io.vaultlayer.functions.api;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.check.StoredStateCheck;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.StatusDocument;
import java.util.ArrayList;
import java.util.Map;
import java.util.function.Function;

/** Answers people's questions about jobs from what is stored; changes nothing. */
public final class QueryHandler {
  private static final int USUAL_LIMIT = 100;

  private final Platform platform;
  private final Control control;
  private final StatusView status;
  private final ArtifactQueries artifacts;
  private final CheckpointQueries checkpoints;
  private final MarketQueries market;

  public QueryHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.status = new StatusView(control.records());
    this.artifacts = new ArtifactQueries(platform, control);
    this.checkpoints = new CheckpointQueries(platform, control);
    this.market = new MarketQueries(platform);
  }

  public Map<String, Function<HttpRequest, Answer>> routes() {
    return Map.ofEntries(
        Map.entry("GET /v1/jobs", this::list),
        Map.entry("GET /v1/jobs/{id}", this::show),
        Map.entry("GET /v1/jobs/{id}/explain", new Explanation(control)::answer),
        Map.entry("GET /v1/check", this::check),
        Map.entry("GET /v1/jobs/{id}/logs", artifacts::logs),
        Map.entry("GET /v1/jobs/{id}/checkpoints", checkpoints::list),
        Map.entry("GET /v1/jobs/{id}/checkpoints/{step}/files", checkpoints::files),
        Map.entry("GET /v1/jobs/{id}/outputs", artifacts::outputs),
        Map.entry("GET /v1/gpus", market::gpus),
        Map.entry("POST /v1/estimate", market::estimate),
        Map.entry("GET /v1/providers", market::providers));
  }

  /** Newest first; {@code after} is the last id seen, {@code live=true} leaves ended jobs out. */
  private Answer list(HttpRequest http) {
    int limit = http.limit(USUAL_LIMIT);
    boolean liveOnly = http.text("live").filter("true"::equals).isPresent();
    var found = new StoredJobs(control.leases()).newest(limit + 1, http.text("after"), liveOnly);
    var rows = new ArrayList<StatusDocument>();
    for (var lease : found.subList(0, Math.min(limit, found.size()))) {
      control.records().spec(lease.job()).ifPresent(spec -> rows.add(status.render(lease, spec)));
    }
    return Answer.ok(
        new Lists.Jobs(rows, found.size() > limit ? found.get(limit - 1).job().value() : null));
  }

  private Answer show(HttpRequest http) {
    var job = http.job("id");
    var lease = control.leases().load(job).orElseThrow(() -> new Leases.UnknownJob(job));
    return Answer.ok(
        status.render(
            lease, control.records().spec(job).orElseThrow(() -> new Leases.UnknownJob(job))));
  }

  private Answer check(HttpRequest http) {
    var one = http.text("job");
    if (one.isPresent() && !JobId.looksLike(one.get())) {
      throw new ApiError(
          404, "no_such_job", "checking " + one.get() + ": no such job; `vl ps -a` lists them");
    }
    var after = http.text("after");
    var check =
        new StoredStateCheck(
            platform, control, http.text("deep").filter("true"::equals).isPresent());
    return Answer.ok(
        one.map(id -> check.one(known(id), after))
            .orElseGet(() -> check.all(after, http.limit(HttpRequest.MOST_LIMIT))));
  }

  private JobId known(String id) {
    var job = new JobId(id);
    try {
      return control.leases().load(job).map(l -> job).orElseThrow(() -> new Leases.UnknownJob(job));
    } catch (IllegalArgumentException | IllegalStateException e) {
      return job; // its lease cannot be read: the check says so
    }
  }
}
