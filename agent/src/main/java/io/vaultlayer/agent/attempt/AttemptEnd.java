package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.api.AttemptClient;
import io.vaultlayer.agent.api.Backoff;
import io.vaultlayer.agent.checkpoint.CheckpointPipeline;
import io.vaultlayer.agent.checkpoint.OutputsUploader;
import io.vaultlayer.agent.host.Child;
import io.vaultlayer.agent.host.Ending;
import io.vaultlayer.agent.host.OomRecord;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.core.end.EndReading;
import io.vaultlayer.core.end.Evidence;
import io.vaultlayer.core.end.Evidence.How;
import io.vaultlayer.core.end.HardwareSign;
import io.vaultlayer.core.end.Verdict;
import io.vaultlayer.wire.AttemptApi;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How an attempt's end is read (the contract, section 2, word by word) and reported. Whatever ends
 * it, the whole tree of its processes ends too.
 */
final class AttemptEnd {
  private static final int SIGKILL = 9;
  private static final int EXIT_OF_A_SHELL_WHOSE_CHILD_WAS_KILLED = 128 + SIGKILL;

  /**
   * Processes that outlive the script's own are waited for so long: a last save in the background.
   */
  private static final Duration LEFT_BEHIND = Duration.ofSeconds(3);

  /**
   * A shutdown signals everybody at once; ours may arrive a little after the script's. Shorter, and
   * a script that obeys its signal at once counts as done although it was told to stop; longer, and
   * every success is reported later.
   */
  private static final Duration SHUTDOWN_SKEW = Duration.ofMillis(300);

  private static final Duration LOOK = Duration.ofMillis(20);

  /** After a loss: what is complete is still committed, but the next attempt is waiting. */
  private static final Duration LAST_SAVE = Duration.ofSeconds(60);

  private final Attempt attempt;
  private final Host host;
  private final AttemptApi.Assignment assignment;
  private final AttemptClient client;
  private final ObjectStore store;
  private final Stop stop;
  private final Closing closing;

  AttemptEnd(
      Attempt attempt,
      Host host,
      AttemptApi.Assignment assignment,
      AttemptClient client,
      ObjectStore store,
      Stop stop,
      Closing closing) {
    this.attempt = attempt;
    this.host = host;
    this.assignment = assignment;
    this.client = client;
    this.store = store;
    this.stop = stop;
    this.closing = closing;
  }

  Reports reports() {
    return attempt.reports();
  }

  /** Waits for the setup command. Empty: it went well. */
  Optional<Outcome> afterSetup(Child setup, Launch launch, OomRecord memory)
      throws InterruptedException, IOException {
    switch (host.inbox().take()) {
      case Happening.Fenced(var message) -> {
        return Optional.of(new Outcome.Fenced(message));
      }
      case Happening.Dead() -> {
        return Optional.of(closing.dead());
      }
      case Happening.Notice notice -> {
        return Optional.of(drained(setup, Optional.empty(), notice, Optional.empty()));
      }
      case Happening.Stalled() -> {
        // Asked of a program that runs; a setup command makes no steps.
        return afterSetup(setup, launch, memory);
      }
      case Happening.Ended(Ending.Exited(var code)) when code == 0 -> {
        return Optional.empty();
      }
      case Happening.Ended(var ending) -> {
        host.tree().kill();
        launch.showSetup();
        return Optional.of(
            told(EndReading.read(evidence(setup, ending, memory, false)), ending, "setup "));
      }
    }
  }

  Outcome afterTraining(Child child, Training training, OomRecord memory)
      throws InterruptedException {
    return switch (host.inbox().take()) {
      case Happening.Fenced(var message) -> new Outcome.Fenced(message);
      case Happening.Dead() -> closing.dead();
      case Happening.Notice notice ->
          drained(child, Optional.of(training), notice, Optional.empty());
      case Happening.Stalled() -> stalled(training.pipeline());
      case Happening.Ended(var ending) -> ended(child, ending, training, memory);
    };
  }

  /**
   * Alive without a step for too long. It is not asked to end: what hangs does not listen. What is
   * complete of its saves is committed before the next epoch begins.
   */
  private Outcome stalled(CheckpointPipeline pipeline) throws InterruptedException {
    host.log().event("stalled", Map.of("epoch", assignment.epoch()));
    save(pipeline, LAST_SAVE);
    return closing.stalled("no step for too long; ended to be started anew");
  }

  private Outcome ended(Child child, Ending ending, Training training, OomRecord memory)
      throws InterruptedException {
    host.log().event("ended", Map.of("epoch", assignment.epoch(), "how", words(ending)));
    if (exitedWithZero(ending)) {
      return succeeded(child, training);
    }
    Optional<Happening.Notice> shutdown =
        killed(ending) ? Optional.empty() : shutdown(host.clocks().monotonic());
    if (shutdown.isPresent()) {
      return drained(child, Optional.of(training), shutdown.get(), Optional.of(ending));
    }
    Verdict verdict = EndReading.read(evidence(child, ending, memory, true));
    save(training.pipeline(), LAST_SAVE);
    return told(verdict, ending, "");
  }

  private Evidence evidence(Child child, Ending ending, OomRecord memory, boolean programStarted) {
    How how =
        switch (ending) {
          case Ending.Exited(var code) -> new How.Exited(code);
          case Ending.Signalled(var signal) -> new How.Signalled(signal);
          case Ending.Unknown() -> new How.Unseen();
        };
    boolean mayBeKilled =
        killed(ending)
            || ending instanceof Ending.Exited(var code)
                && code == EXIT_OF_A_SHELL_WHOSE_CHILD_WAS_KILLED;
    return new Evidence(
        how,
        programStarted,
        mayBeKilled && memory.killed(child.pid()),
        false,
        programStarted
            ? HardwareSign.find(OutputTail.of(host.places().output(assignment.epoch())))
                .or(attempt::brokenGpu)
            : Optional.empty(),
        Set.copyOf(assignment.retryExitCodes()));
  }

  /** Reports what the end was read as. */
  private Outcome told(Verdict verdict, Ending ending, String before) throws InterruptedException {
    return switch (verdict) {
      case Verdict.Done() -> throw new IllegalStateException("an end with 0 is told elsewhere");
      case Verdict.Reclaimed() -> throw new IllegalStateException("a drain is told elsewhere");
      case Verdict.Lost(var why) -> closing.lost(why);
      case Verdict.Unhealthy(var why) -> closing.close(reports().unhealthy(why));
      case Verdict.Failed(var reason) ->
          closing.close(
              reports()
                  .failed(
                      reason,
                      code(ending),
                      signal(ending),
                      killed(ending) ? "killed for want of memory" : before + words(ending)));
    };
  }

  private static boolean killed(Ending ending) {
    return ending instanceof Ending.Signalled(var signal) && signal == SIGKILL;
  }

  /** Waits for the moment until which a notice belongs to the end at {@code endedAt}. */
  private Optional<Happening.Notice> shutdown(long endedAt) throws InterruptedException {
    long until = endedAt + SHUTDOWN_SKEW.toNanos();
    Optional<Happening.Notice> notice = host.inbox().takeNotice(until);
    while (notice.isEmpty() && host.clocks().monotonic() - until < 0) {
      Thread.sleep(LOOK);
      notice = host.inbox().takeNotice(until);
    }
    return notice;
  }

  private Outcome succeeded(Child child, Training training) throws InterruptedException {
    attempt.phase("finishing");
    Optional<Happening.Notice> shutdown = shutdown(host.clocks().monotonic());
    if (shutdown.isPresent()) {
      return drained(
          child, Optional.of(training), shutdown.get(), Optional.of(new Ending.Exited(0)));
    }
    leftBehind();
    host.tree().kill();
    training.pipeline().processEnded(true);
    CheckpointPipeline.Finished finished =
        training.pipeline().finish(Duration.ofSeconds(assignment.deadManSeconds()));
    if (!finished.everythingStored()) {
      host.log().event("not_everything_stored", Map.of("detail", "" + finished.detail()));
      return closing.lost("the last checkpoint could not be stored: " + finished.detail());
    }
    var waits = new Backoff(Closing.FIRST_WAIT, Closing.LONGEST_WAIT, host.chance());
    var uploader = new OutputsUploader(store, stop);
    while (true) {
      try {
        OutputsUploader.Stored stored =
            uploader.upload(assignment.job(), assignment.epoch(), host.places().outputs());
        return closing.close(reports().succeeded(stored.manifestKey(), stored.manifestSha256()));
      } catch (StoreException.Stopped e) {
        return closing.over().orElseGet(closing::dead);
      } catch (StoreException.Unreachable | StoreException.AccessRefused e) {
        host.log().event("outputs_not_stored", Map.of("message", "" + e.getMessage()));
      } catch (IOException e) {
        return closing.close(
            reports()
                .failed("outputs_not_stored", 0, null, "storing the outputs: " + e.getMessage()));
      }
      Thread.sleep(waits.next());
      Optional<Outcome> over = closing.over();
      if (over.isPresent()) {
        return over.get();
      }
    }
  }

  /** Gives processes that the script left behind a moment to end by themselves. */
  private void leftBehind() throws InterruptedException {
    long until = host.clocks().monotonic() + LEFT_BEHIND.toNanos();
    while (!host.tree().members().isEmpty() && host.clocks().monotonic() - until < 0) {
      Thread.sleep(LOOK);
    }
  }

  private Outcome drained(
      Child child, Optional<Training> training, Happening.Notice notice, Optional<Ending> already)
      throws InterruptedException {
    return new Draining(attempt, host, client, closing).run(child, training, notice, already);
  }

  private void save(CheckpointPipeline pipeline, Duration limit) {
    host.tree().kill();
    attempt.phase("saving");
    pipeline.processEnded(false);
    pipeline.finish(limit);
  }

  static boolean exitedWithZero(Ending ending) {
    return ending instanceof Ending.Exited(var code) && code == 0;
  }

  static Integer code(Ending ending) {
    return ending instanceof Ending.Exited(var code) ? code : null;
  }

  static Integer signal(Ending ending) {
    return ending instanceof Ending.Signalled(var signal) ? signal : null;
  }

  static String words(Ending ending) {
    return switch (ending) {
      case Ending.Exited(var code) -> "exited with code " + code;
      case Ending.Signalled(var signal) -> "was ended by " + Signals.name(signal);
      case Ending.Unknown() -> "is gone";
    };
  }
}
