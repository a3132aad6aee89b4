package io.vaultlayer.agent.api;

import io.vaultlayer.wire.AttemptApi;
import java.net.URI;
import java.time.Duration;
import java.util.Map;

/**
 * The calls of one attempt: {@code POST <endpoint>/v1/attempts/<job>/<epoch>/...} under its token.
 * Every call is one try; who calls decides about another.
 */
public final class AttemptClient {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /** Commit and condemn make the control plane list and read the bucket. */
  private static final Duration SLOW = Duration.ofSeconds(60);

  private final URI base;
  private final String token;
  private volatile Duration read = Duration.ofSeconds(10);

  public AttemptClient(String endpoint, String job, int epoch, String token) {
    String root = endpoint.endsWith("/") ? endpoint.substring(0, endpoint.length() - 1) : endpoint;
    this.base = URI.create(root + "/v1/attempts/" + job + "/" + epoch + "/");
    this.token = token;
  }

  /** A quick call that takes longer than this is given up: a beat must fit into its interval. */
  public void patience(Duration read) {
    this.read = read;
  }

  public Answer<AttemptApi.Assignment> register(AttemptApi.Register body) {
    return post("register", body, AttemptApi.Assignment.class, SLOW);
  }

  public Answer<AttemptApi.HeartbeatAck> heartbeat(AttemptApi.Heartbeat body) {
    return post("heartbeat", body, AttemptApi.HeartbeatAck.class, read);
  }

  public Answer<AttemptApi.S3Credentials> credentials() {
    return post("credentials", Map.of(), AttemptApi.S3Credentials.class, read);
  }

  public Answer<AttemptApi.Committed> commit(AttemptApi.Commit body) {
    return post("commit", body, AttemptApi.Committed.class, SLOW);
  }

  public Answer<AttemptApi.Condemned> condemn(AttemptApi.Condemn body) {
    return post("condemn", body, AttemptApi.Condemned.class, SLOW);
  }

  public Answer<Nothing> hold(AttemptApi.Hold body) {
    return post("hold", body, Nothing.class, read);
  }

  public Answer<AttemptApi.ReclaimAck> reclaim(AttemptApi.Reclaim body) {
    return post("reclaim", body, AttemptApi.ReclaimAck.class, read);
  }

  public Answer<Nothing> exit(AttemptApi.Exit body) {
    return post("exit", body, Nothing.class, SLOW);
  }

  public Answer<AttemptApi.NextAnswer> next(AttemptApi.Next body) {
    return post("next", body, AttemptApi.NextAnswer.class, SLOW);
  }

  private <T> Answer<T> post(String call, Object body, Class<T> type, Duration patience) {
    return Http.post(base.resolve(call), token, body, type, min(CONNECT, patience), patience);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  /** An answer whose body says nothing. */
  public record Nothing() {}
}
