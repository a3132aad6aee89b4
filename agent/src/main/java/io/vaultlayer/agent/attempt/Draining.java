package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.api.Answer;
import io.vaultlayer.agent.api.AttemptClient;
import io.vaultlayer.agent.hook.SaveRequests;
import io.vaultlayer.agent.host.Child;
import io.vaultlayer.agent.host.Ending;
import io.vaultlayer.wire.AttemptApi;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The host will be taken away. What the time that is left is used for depends on the script: one
 * whose framework takes requests is asked for one last save if that fits, and is ended at once if
 * it does not, so that the upload in flight has the host to itself. Every other script gets its
 * signal and most of the time.
 */
final class Draining {
  private static final Duration LOOK = Duration.ofMillis(50);

  /** For the output of a host that is about to go; after it, only the end of what is left. */
  private static final Duration LEAST_LOGS = Duration.ofSeconds(2);

  private final Attempt attempt;
  private final Host host;
  private final AttemptClient client;
  private final Closing closing;

  Draining(Attempt attempt, Host host, AttemptClient client, Closing closing) {
    this.attempt = attempt;
    this.host = host;
    this.client = client;
    this.closing = closing;
  }

  /**
   * @param already how the script has ended, where it did before the notice was heard
   */
  Outcome run(
      Child child, Optional<Training> training, Happening.Notice notice, Optional<Ending> already)
      throws InterruptedException {
    long begun = host.clocks().monotonic();
    host.log().event("reclaim", Map.of("noticeSeconds", notice.seconds()));
    training.ifPresent(t -> t.saves().stop());
    Supplier<SaveRequests.Answer> lastSave =
        already.isPresent() ? NEVER : begin(child, training, notice);
    attempt.phase("saving");
    Answer<AttemptApi.ReclaimAck> answer =
        client.reclaim(new AttemptApi.Reclaim(notice.seconds(), attempt.reports().lastStep()));
    if (answer instanceof Answer.Fenced<AttemptApi.ReclaimAck>(var message)) {
      attempt.fenced(message);
    }
    int granted =
        answer instanceof Answer.Ok<AttemptApi.ReclaimAck>(var ack) && ack.drainSeconds() > 0
            ? Math.min(ack.drainSeconds(), notice.seconds())
            : notice.seconds();
    Duration limit = Duration.ofSeconds(granted);
    Optional<Ending> ending = already;
    while (ending.isEmpty() && lastSave.get() instanceof SaveRequests.Answer.Waiting) {
      Duration left = rest(begun, share(limit));
      if (left.isZero()) {
        break;
      }
      Optional<Happening> told = host.inbox().take(left.compareTo(LOOK) < 0 ? left : LOOK);
      switch (told.orElse(null)) {
        case null -> {}
        case Happening.Fenced(var message) -> {
          return new Outcome.Fenced(message);
        }
        case Happening.Dead() -> {
          return closing.dead();
        }
        case Happening.Ended(var how) -> ending = Optional.of(how);
        case Happening.Notice again -> {}
        case Happening.Stalled stall -> {}
      }
    }
    host.tree().kill();
    if (training.isPresent()) {
      var pipeline = training.get().pipeline();
      pipeline.processEnded(ending.isPresent() && AttemptEnd.exitedWithZero(ending.get()));
      pipeline.finish(rest(begun, limit));
    }
    String detail =
        "notice of "
            + notice.seconds()
            + " s; the script "
            + ending.map(AttemptEnd::words).orElse("did not end by itself");
    Duration left = rest(begun, limit);
    return closing.close(
        attempt
            .reports()
            .reclaimed(
                ending.map(AttemptEnd::code).orElse(null),
                ending.map(AttemptEnd::signal).orElse(null),
                detail),
        left.compareTo(LEAST_LOGS) < 0 ? LEAST_LOGS : left);
  }

  /** No save was asked for: the script's own end is waited for. */
  private static final Supplier<SaveRequests.Answer> NEVER = SaveRequests.Answer.Waiting::new;

  /** Tells the script. @return what became of its last save; no longer waiting: end it */
  private Supplier<SaveRequests.Answer> begin(
      Child child, Optional<Training> training, Happening.Notice notice) {
    var saves = training.map(Training::saves).filter(Saves::areTaken);
    if (saves.isEmpty()) {
      child.terminate();
      return NEVER;
    }
    double passed = (host.clocks().monotonic() - notice.at()) / 1e9;
    var verdict = saves.get().fits(notice.seconds() - passed);
    host.log().event(verdict.fits() ? "last_save" : "no_last_save", Map.of("why", verdict.why()));
    if (!verdict.fits()) {
      // Its signal would begin a save, too.
      return () -> new SaveRequests.Answer.Failed(verdict.why());
    }
    return saves
        .get()
        .askLast()
        .orElseGet(() -> {
          child.terminate();
          return NEVER;
        });
  }

  /** Of a notice, what the script may use: the rest is for the upload of what it saves last. */
  private static Duration share(Duration notice) {
    return notice.multipliedBy(2).dividedBy(3);
  }

  private Duration rest(long begun, Duration limit) {
    Duration left = limit.minusNanos(host.clocks().monotonic() - begun);
    return left.isNegative() ? Duration.ZERO : left;
  }
}
