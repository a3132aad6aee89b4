package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.api.Answer;
import io.vaultlayer.agent.api.AttemptClient;
import io.vaultlayer.agent.api.Backoff;
import io.vaultlayer.agent.checkpoint.CheckpointPipeline;
import io.vaultlayer.agent.checkpoint.CheckpointPipeline.Finished;
import io.vaultlayer.agent.checkpoint.Scope;
import io.vaultlayer.agent.lease.Credentials;
import io.vaultlayer.agent.lease.Heartbeats;
import io.vaultlayer.agent.lease.Lease;
import io.vaultlayer.agent.s3.S3Objects;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.Throttle;
import io.vaultlayer.wire.AttemptApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * What the agent before this one had snapshot when it was ended is committed under its epoch, which
 * is this agent's as well for as long as its beats are accepted; then the next epoch may be asked
 * for.
 */
public final class LeftSaves {
  /** Of uploading what is still to be sent, while a machine that is paid for trains nothing. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  /** As long as the next epoch is asked for. */
  private static final Duration ASKING = Duration.ofMinutes(20);

  /** Agents that may try: what is left may be what they die of. */
  private static final int MOST_TRIES = 3;

  private static final Duration DROPPING = Duration.ofSeconds(10);
  private static final Duration FIRST_WAIT = Duration.ofMillis(100);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

  /** Nothing is trained meanwhile, so there is nothing to freeze. */
  private static final Duration NEVER = Duration.ofDays(1);

  private final Host host;
  private final AttemptClient client;
  private final Scope scope;
  private final Stop stop = new Stop();
  private final AtomicReference<String> fenced = new AtomicReference<>();

  /**
   * @param client with the token of the epoch that the agent before this one led
   */
  public LeftSaves(Host host, AttemptClient client) {
    this.host = host;
    this.client = client;
    this.scope =
        new Scope(
            host.state().stored().job(),
            host.state().stored().epoch(),
            host.places().checkpoints(),
            host.places().own());
  }

  /** What a beat and a call have granted. @param sent when the beat was sent */
  private record Granted(
      AttemptApi.HeartbeatAck ack, AttemptApi.S3Credentials credentials, long sent) {}

  /**
   * Returns when all is done that can be.
   *
   * @return what the control plane said when the epoch is no longer ours
   */
  public Optional<String> finish() throws InterruptedException {
    if (!CheckpointPipeline.isLeft(scope) || isHopeless()) {
      return Optional.empty();
    }
    Optional<Granted> granted = ask();
    if (granted.isPresent()) {
      carry(granted.get());
    }
    return Optional.ofNullable(fenced.get());
  }

  /** Whether agents have died of it: one byte of a file for each that began. */
  private boolean isHopeless() {
    Path tries = host.places().own().resolve("left-saves-e" + scope.epoch());
    try {
      Files.write(tries, new byte[] {'x'}, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      boolean hopeless = Files.size(tries) > MOST_TRIES;
      if (hopeless) {
        host.log().event("left_saves_given_up", Map.of("epoch", scope.epoch()));
      }
      return hopeless;
    } catch (IOException e) {
      return true; // nothing could be noted about the upload either
    }
  }

  /**
   * Beats until one is accepted, and asks for credentials. Empty: fenced, not in time, or the host
   * will be taken away before it was heard.
   */
  private Optional<Granted> ask() throws InterruptedException {
    var waits = new Backoff(FIRST_WAIT, LONGEST_WAIT, host.chance());
    long begun = host.clocks().monotonic();
    while (fenced.get() == null
        && !host.inbox().noticed()
        && host.clocks().monotonic() - begun < ASKING.toNanos()) {
      long sent = host.clocks().monotonic();
      switch (client.heartbeat(saving(host.state().nextBeat()))) {
        case Answer.Ok<AttemptApi.HeartbeatAck>(var ack) -> {
          Optional<AttemptApi.S3Credentials> credentials = credentials();
          if (credentials.isPresent()) {
            return Optional.of(new Granted(ack, credentials.get(), sent));
          }
        }
        case Answer.Fenced<AttemptApi.HeartbeatAck>(var message) -> fenced(message);
        case Answer.Refused<AttemptApi.HeartbeatAck>(var status, var code, var message) -> {
          host.log().event("left_saves_refused", Map.of("code", code, "message", message));
          return Optional.empty();
        }
        case Answer.Unavailable<AttemptApi.HeartbeatAck> unavailable -> {}
      }
      Thread.sleep(waits.next());
    }
    return Optional.empty();
  }

  private Optional<AttemptApi.S3Credentials> credentials() {
    return switch (client.credentials()) {
      case Answer.Ok<AttemptApi.S3Credentials>(var credentials) -> Optional.of(credentials);
      case Answer.Fenced<AttemptApi.S3Credentials>(var message) -> {
        fenced(message);
        yield Optional.empty();
      }
      case Answer.Refused<AttemptApi.S3Credentials> refused -> Optional.empty();
      case Answer.Unavailable<AttemptApi.S3Credentials> unavailable -> Optional.empty();
    };
  }

  private void carry(Granted granted) {
    int leaseSeconds = granted.ack().leaseSeconds();
    var lease =
        new Lease(host.clocks(), granted.sent(), Duration.ofSeconds(leaseSeconds), NEVER, NEVER);
    var credentials = new Credentials(host.clocks(), granted.credentials());
    var beats =
        new Heartbeats(
            new Heartbeats.Parts(
                client,
                lease,
                credentials,
                host.state()::nextBeat,
                LeftSaves::saving,
                this::fenced,
                () -> {},
                host.clocks(),
                host.log()),
            Math.max(1, granted.ack().intervalSeconds()),
            leaseSeconds);
    beats.start();
    try {
      var pipeline =
          new CheckpointPipeline(
              new CheckpointPipeline.Parts(
                  scope,
                  Optional.empty(),
                  Optional.empty(),
                  store(lease, credentials, stop),
                  stop,
                  new PlaneCommits(client, lease, this::fenced),
                  path -> false,
                  OptionalDouble::empty));
      Finished finished = pipeline.finishLeft(LIMIT);
      host.log()
          .event(
              "left_saves",
              Map.of(
                  "epoch",
                  scope.epoch(),
                  "committedStep",
                  finished.committed().map(pointer -> "" + pointer.step()).orElse("none"),
                  "detail",
                  "" + finished.detail()));
      if (!finished.everythingStored() && fenced.get() == null) {
        drop(lease, credentials);
      }
    } finally {
      stop.pull();
      beats.stop();
    }
  }

  /** Nobody will finish it: the next epoch's credentials do not reach there. */
  private void drop(Lease lease, Credentials credentials) {
    var until = new Stop();
    Thread.ofPlatform()
        .name("left-saves-limit")
        .daemon()
        .start(() -> {
          LockSupport.parkNanos(DROPPING.toNanos());
          until.pull();
        });
    CheckpointPipeline.dropLeft(scope, store(lease, credentials, until));
  }

  private S3Objects store(Lease lease, Credentials credentials, Stop until) {
    Throttle rate =
        UploadRate.of(
            host.state().stored().uploadRate(),
            text -> host.log().event("warning", Map.of("text", text)));
    return new S3Objects(new WhileHeld(lease, credentials, until), until, rate);
  }

  private void fenced(String message) {
    fenced.compareAndSet(null, "" + message);
    stop.pull();
  }

  private static AttemptApi.Heartbeat saving(long number) {
    return new AttemptApi.Heartbeat(number, "saving", null, null, null, null, null, List.of());
  }
}
