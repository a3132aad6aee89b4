package io.vaultlayer.functions.agentapi;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.state.Leases;

/** Who calls: the job and epoch of the path, and the hash of the bearer token. */
record Caller(JobId job, int epoch, TokenHash token) {
  private static final int MOST_TOKEN = 512;

  static Caller of(HttpRequest http) {
    var token =
        http.bearer()
            .filter(t -> !t.isEmpty() && t.length() <= MOST_TOKEN)
            .orElseThrow(() ->
                new ApiError(
                    401,
                    "unauthenticated",
                    "reading the caller: a bearer token is required; send the attempt's"));
    return new Caller(http.job("job"), http.epoch(), TokenHash.of(token));
  }

  /** The contract's answer to an agent whose event was not taken. */
  ApiError refused(String doing, Leases.Result.Ignored ignored) {
    var about = doing + " " + job + " epoch " + epoch + ": ";
    var why = ignored.why();
    return switch (why) {
      case FENCED, BOOTSTRAP_COPIED, JOB_ENDED ->
          new ApiError(409, "fenced", about + "this epoch is no longer the owner; stop");
      case WRONG_TOKEN, WRONG_BOOTSTRAP ->
          new ApiError(
              401, "unauthenticated", about + "the token is not the one of this attempt; stop");
      case NOT_YET ->
          new ApiError(409, "not_yet", about + "the attempt before it still drains; ask again");
      case STEP_NOT_NEWER ->
          new ApiError(
              409,
              "step_not_newer",
              about + "a checkpoint of this or a later step is committed; go on");
      case POINTER_MOVED ->
          new ApiError(
              409,
              "pointer_moved",
              about + "the pointer is another one now; register or ask again");
      case NOT_DUE,
          NOT_ARMED,
          CLAIMED_BY_OTHER,
          WRONG_STATE,
          LAUNCH_OPEN,
          LAUNCH_UNKNOWN,
          BEAT_NOT_NEWER,
          DEADLINE_NOT_PASSED,
          GRACE_RUNNING,
          STEP_ADVANCED,
          SUCCESSOR_DECLARED,
          SUCCESSOR_FORBIDDEN,
          LAUNCH_BOUND,
          NOTHING_TO_SETTLE,
          SEQUENCE_MOVED,
          EPOCH_MOVED,
          JOB_SUCCEEDED,
          JOB_NOT_ENDED ->
          new ApiError(
              409,
              why.code(),
              about
                  + "not possible now ("
                  + why.code()
                  + ", the job is "
                  + ignored.lease().state().wireName()
                  + "); go on without it");
    };
  }
}
