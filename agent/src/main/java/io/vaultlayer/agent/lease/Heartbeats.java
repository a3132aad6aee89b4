package io.vaultlayer.agent.lease;

import io.vaultlayer.agent.api.Answer;
import io.vaultlayer.agent.api.AttemptClient;
import io.vaultlayer.agent.note.AgentLog;
import io.vaultlayer.wire.AttemptApi;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * Beats, one thread. A try that gets no answer is repeated within the interval under a new number,
 * so that a beat which did arrive is never taken for a stale one.
 */
public final class Heartbeats {
  private static final int TRIES_PER_INTERVAL = 3;
  private static final Duration SHORTEST_PATIENCE = Duration.ofMillis(1500);
  private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(10);
  private static final Duration CREDENTIALS_AGAIN = Duration.ofSeconds(15);
  private static final int LONGEST_INTERVAL_SECONDS = 300;

  /**
   * What a beat needs.
   *
   * @param numbers gives a number greater than every one before
   * @param body what to say under a number
   * @param fenced told once, on the beating thread
   * @param restart told with each beat by which the control plane asks for a restart in place
   */
  public record Parts(
      AttemptClient client,
      Lease lease,
      Credentials credentials,
      LongSupplier numbers,
      LongFunction<AttemptApi.Heartbeat> body,
      Consumer<String> fenced,
      Runnable restart,
      Clocks clocks,
      AgentLog log) {}

  private final Parts parts;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;
  private volatile boolean stopped;
  private volatile int intervalSeconds;
  private int leaseSeconds;
  private boolean silent;

  public Heartbeats(Parts parts, int intervalSeconds, int leaseSeconds) {
    this.parts = parts;
    this.intervalSeconds = intervalSeconds;
    this.leaseSeconds = leaseSeconds;
    this.thread = Thread.ofPlatform().name("heartbeats").daemon().unstarted(this::beat);
    patience();
  }

  public void start() {
    thread.start();
  }

  /** Beats now, whatever the interval: the phase has changed, or the lease is in doubt. */
  public void now() {
    wake.release();
  }

  public int intervalSeconds() {
    return intervalSeconds;
  }

  /** No beat is sent after this returns, except one whose answer is no longer looked at. */
  public void stop() {
    stopped = true;
    wake.release();
  }

  private void beat() {
    try {
      while (!stopped) {
        long begun = parts.clocks().monotonic();
        Duration interval = Duration.ofSeconds(intervalSeconds);
        boolean accepted = false;
        for (int n = 0; n < TRIES_PER_INTERVAL && !accepted && !stopped; n++) {
          accepted = attempt();
          if (!accepted && n < TRIES_PER_INTERVAL - 1) {
            rest(interval.dividedBy(TRIES_PER_INTERVAL));
          }
        }
        renewCredentials();
        rest(interval.minusNanos(parts.clocks().monotonic() - begun));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean attempt() {
    try {
      return once();
    } catch (RuntimeException e) {
      // A beat that cannot be composed must not end the beats.
      quiet("failed", String.valueOf(e));
      return false;
    }
  }

  private boolean once() {
    long number = parts.numbers().getAsLong();
    long sent = parts.clocks().monotonic();
    Answer<AttemptApi.HeartbeatAck> answer = parts.client().heartbeat(parts.body().apply(number));
    if (stopped) {
      return true;
    }
    return switch (answer) {
      case Answer.Ok<AttemptApi.HeartbeatAck>(var ack) -> {
        accepted(sent, ack);
        yield true;
      }
      case Answer.Fenced<AttemptApi.HeartbeatAck>(var message) -> {
        stopped = true;
        parts.fenced().accept(message);
        yield true;
      }
      case Answer.Refused<AttemptApi.HeartbeatAck>(var status, var code, var message) -> {
        quiet("refused", status + " " + code + ": " + message);
        yield false;
      }
      case Answer.Unavailable<AttemptApi.HeartbeatAck>(var message) -> {
        quiet("unanswered", message);
        yield false;
      }
    };
  }

  private void accepted(long sent, AttemptApi.HeartbeatAck ack) {
    if (ack.intervalSeconds() > 0) {
      intervalSeconds = Math.min(ack.intervalSeconds(), LONGEST_INTERVAL_SECONDS);
    }
    if (ack.leaseSeconds() > 0) {
      leaseSeconds = ack.leaseSeconds();
    }
    patience();
    parts.lease().accepted(sent, Duration.ofSeconds(leaseSeconds));
    if (ack.credentials() != null) {
      parts.credentials().renewed(ack.credentials());
    }
    if (AttemptApi.RESTART.equals(ack.command())) {
      parts.restart().run();
    }
    if (silent) {
      silent = false;
      parts.log().event("beats_accepted_again", Map.of());
    }
  }

  /** One line for a silence, however long: the log of a day without the plane stays small. */
  private void quiet(String how, String message) {
    if (!silent) {
      silent = true;
      parts.log().event("beat_" + how, Map.of("message", message));
    }
  }

  private void renewCredentials() {
    if (stopped || !parts.credentials().due()) {
      return;
    }
    switch (parts.client().credentials()) {
      case Answer.Ok<AttemptApi.S3Credentials>(var renewed) -> parts.credentials().renewed(renewed);
      case Answer.Fenced<AttemptApi.S3Credentials>(var message) -> {
        if (!stopped) {
          stopped = true;
          parts.fenced().accept(message);
        }
      }
      case Answer.Refused<AttemptApi.S3Credentials> refused ->
          parts.credentials().askAgainIn(CREDENTIALS_AGAIN);
      case Answer.Unavailable<AttemptApi.S3Credentials> unavailable ->
          parts.credentials().askAgainIn(CREDENTIALS_AGAIN);
    }
  }

  /** Short enough that a beat whose answer is lost is tried again before the next one is due. */
  private void patience() {
    Duration third = Duration.ofSeconds(intervalSeconds).dividedBy(3);
    parts
        .client()
        .patience(
            third.compareTo(SHORTEST_PATIENCE) < 0
                ? SHORTEST_PATIENCE
                : third.compareTo(LONGEST_PATIENCE) > 0 ? LONGEST_PATIENCE : third);
  }

  private void rest(Duration time) throws InterruptedException {
    if (!stopped && wake.tryAcquire(Math.max(0, time.toNanos()), TimeUnit.NANOSECONDS)) {
      wake.drainPermits();
    }
  }
}
