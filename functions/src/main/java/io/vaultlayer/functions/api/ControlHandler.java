package io.vaultlayer.functions.api;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Leases;
import java.util.Map;
import java.util.function.Function;

/** People act on a job: cancel, resume, and kill its instance to see what happens. */
public final class ControlHandler {
  private final Platform platform;
  private final Control control;
  private final StatusView status;

  public ControlHandler(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.status = new StatusView(control.records());
  }

  public Map<String, Function<HttpRequest, Answer>> routes() {
    return Map.of(
        "POST /v1/jobs/{id}/cancel", this::cancel,
        "POST /v1/jobs/{id}/resume", this::resume,
        "POST /v1/jobs/{id}/simulate-instance-death", this::kill);
  }

  private Answer cancel(HttpRequest http) {
    var job = http.job("id");
    return answer(
        "cancelling",
        job,
        new JobEvent.Cancel(platform.clock().instant(), "cancelled", "cancelled by the user"));
  }

  /** The epoch that the caller saw. */
  record Seen(Integer epoch) {}

  private Answer resume(HttpRequest http) {
    var job = http.job("id");
    var seen = http.body(Seen.class).epoch();
    if (seen == null) {
      throw new ApiError(
          400,
          "malformed",
          "resuming "
              + job
              + ": the epoch that you saw is missing; send it, such as {\"epoch\":1}");
    }
    return answer("resuming", job, new JobEvent.Resume(platform.clock().instant(), seen));
  }

  private Answer answer(String doing, JobId job, JobEvent event) {
    var result = control.leases().apply(job, event);
    if (result instanceof Leases.Result.Ignored ignored) {
      throw refused(doing, job, ignored);
    }
    control.effects().perform(result);
    return Answer.ok(status.render(result.lease(), control.records().spec(job).orElseThrow()));
  }

  private static ApiError refused(String doing, JobId job, Leases.Result.Ignored ignored) {
    var state = ignored.lease().state().wireName();
    var about = doing + " " + job + ": ";
    return switch (ignored.why()) {
      case JOB_ENDED ->
          new ApiError(
              422, "job_ended", about + "the job has ended (" + state + "); nothing was changed");
      case JOB_SUCCEEDED ->
          new ApiError(
              422, "job_succeeded", about + "the job has succeeded; submit a new one instead");
      case JOB_NOT_ENDED ->
          new ApiError(
              422,
              "job_not_ended",
              about + "the job is " + state + "; only ended jobs are resumed");
      case EPOCH_MOVED ->
          new ApiError(
              409,
              "epoch_moved",
              about
                  + "the job is at epoch "
                  + ignored.lease().epoch()
                  + " now; look again and repeat");
      case NOT_ARMED ->
          new ApiError(
              422, "never_started", about + "its work directory never arrived; submit it anew");
      default ->
          new ApiError(
              409,
              ignored.why().code(),
              about + "not possible while the job is " + state + "; look again and repeat");
    };
  }

  private Answer kill(HttpRequest http) {
    var job = http.job("id");
    var lease = control.leases().load(job).orElseThrow(() -> new Leases.UnknownJob(job));
    var launch = lease.currentLaunch().filter(l -> l.instanceId().isPresent());
    if (lease.state().isFinal() || launch.isEmpty()) {
      throw new ApiError(
          422,
          "no_instance",
          "killing the instance of "
              + job
              + ": it has none (the job is "
              + lease.state().wireName()
              + "); nothing was changed");
    }
    var provider = platform.provider(launch.get().provider());
    try {
      provider
          .orElseThrow(() ->
              new ApiError(
                  422,
                  "provider_missing",
                  "killing the instance of "
                      + job
                      + ": "
                      + launch.get().provider()
                      + " is not connected any more; connect it again"))
          .kill(launch.get().label());
    } catch (ProviderFailure e) {
      throw new ApiError(
          502,
          "provider_failure",
          "killing the instance of "
              + job
              + ": the provider gave no usable answer; look at `vl status` and repeat");
    }
    control.log().note("killed", job.value(), launch.get().label());
    control.effects().wake();
    return Answer.ok(status.render(lease, control.records().spec(job).orElseThrow()));
  }
}
