package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.api.Answer;
import io.vaultlayer.agent.api.AttemptClient;
import io.vaultlayer.agent.api.Backoff;
import io.vaultlayer.agent.logs.LogShipper;
import io.vaultlayer.wire.AttemptApi;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The last things of an attempt: the rest of its output, and the report. */
final class Closing {
  private static final Duration LAST_LOGS = Duration.ofSeconds(20);

  /** What the job's next attempt, or its end, may wait for output that a slow bucket takes. */
  private static final Duration ALL_LAST_LOGS = Duration.ofSeconds(60);

  static final Duration FIRST_WAIT = Duration.ofMillis(200);
  static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private final Attempt attempt;
  private final Host host;
  private final AttemptClient client;
  private final LogShipper logs;

  Closing(Attempt attempt, Host host, AttemptClient client, LogShipper logs) {
    this.attempt = attempt;
    this.host = host;
    this.client = client;
    this.logs = logs;
  }

  /** Ends the tree, ships the last of the output and reports, until somebody has heard it. */
  Outcome close(AttemptApi.Exit exit) throws InterruptedException {
    return close(exit, ALL_LAST_LOGS);
  }

  /**
   * @param logsLimit what does not get into the bucket by then is left out, but for its end
   */
  Outcome close(AttemptApi.Exit exit, Duration logsLimit) throws InterruptedException {
    host.tree().kill();
    Optional<Outcome> over = lastLogs(logsLimit);
    if (over.isPresent()) {
      return over.get();
    }
    attempt.lastCall();
    var waits = new Backoff(FIRST_WAIT, LONGEST_WAIT, host.chance());
    while (true) {
      switch (client.exit(exit)) {
        case Answer.Ok<AttemptClient.Nothing> ok -> {
          host.log()
              .event(
                  "exit",
                  Map.of(
                      "epoch",
                      host.state().stored().epoch(),
                      "outcome",
                      exit.outcome(),
                      "detail",
                      exit.detail() == null ? "" : exit.detail()));
          return new Outcome.Reported();
        }
        case Answer.Fenced<AttemptClient.Nothing>(var message) -> {
          return new Outcome.Fenced(message);
        }
        case Answer.Refused<AttemptClient.Nothing>(var status, var code, var message) -> {
          return new Outcome.Unreported(status + " " + code + ": " + message);
        }
        case Answer.Unavailable<AttemptClient.Nothing> unavailable -> {}
      }
      Thread.sleep(waits.next());
      Optional<Outcome> end = over();
      if (end.isPresent()) {
        return end.get();
      }
    }
  }

  /** The process was lost; nothing is reported yet, the next epoch's request will. */
  Outcome lost(String detail) throws InterruptedException {
    return next("lost", detail);
  }

  /** As {@link #lost}, after a stall. */
  Outcome stalled(String detail) throws InterruptedException {
    return next("stalled", detail);
  }

  private Outcome next(String outcome, String detail) throws InterruptedException {
    Optional<Outcome> over = lastLogs(ALL_LAST_LOGS);
    if (over.isPresent()) {
      return over.get();
    }
    Reports steps = attempt.reports();
    attempt.lastCall();
    return new Outcome.Lost(outcome, detail, steps.firstStep(), steps.lastStep());
  }

  /** Whether a fence or the dead-man has come while something else was done. */
  Optional<Outcome> over() {
    return host.inbox()
        .takeEnd()
        .map(end ->
            end instanceof Happening.Fenced(var message) ? new Outcome.Fenced(message) : dead());
  }

  /**
   * Ships the last of the output: all of it, or after the limit its end. Gives up only when the
   * bucket takes nothing more while the lease is held.
   */
  private Optional<Outcome> lastLogs(Duration limit) throws InterruptedException {
    long begun = host.clocks().monotonic();
    Duration patience = limit.compareTo(LAST_LOGS) < 0 ? limit : LAST_LOGS;
    long before = logs.shippedBytes();
    while (!logs.finish(patience)) {
      Optional<Outcome> over = over();
      boolean moved = logs.shippedBytes() > before;
      if (over.isPresent() || attempt.writesNothing() || attempt.held() && !moved) {
        return over;
      }
      before = logs.shippedBytes();
      if (host.clocks().monotonic() - begun >= limit.toNanos()) {
        logs.tailOnly();
        patience = LAST_LOGS;
      }
    }
    return over();
  }

  Outcome dead() {
    host.tree().kill();
    return new Outcome.Dead();
  }
}
