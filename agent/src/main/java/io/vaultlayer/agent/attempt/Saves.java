package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.checkpoint.CheckpointPipeline;
import io.vaultlayer.agent.hook.Hook;
import io.vaultlayer.agent.hook.SaveRequests;
import io.vaultlayer.agent.lease.Clocks;
import io.vaultlayer.agent.note.AgentLog;
import io.vaultlayer.core.cadence.Cadence;
import io.vaultlayer.core.cadence.LastSave;
import io.vaultlayer.core.cadence.Rhythm;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Asks the training for saves where its framework takes requests: at the rhythm of the attempt, and
 * once more when the machine is about to go. What the script saves by itself counts as well, so one
 * that saves often enough is never asked.
 */
final class Saves {
  /** A look reads one small file; a rhythm in steps is kept to so much time. */
  private static final Duration LOOK = Duration.ofMillis(250);

  /** A request that nothing was heard of: the loop does not get to the end of a step. */
  private static final Duration FORGOTTEN = Duration.ofHours(1);

  /**
   * What it looks at.
   *
   * @param step newest step that is known
   * @param held false while nothing may be written: a save could not arrive
   */
  record Parts(
      Hook hook,
      Supplier<OptionalLong> step,
      Supplier<CheckpointPipeline.Status> uploads,
      BooleanSupplier held,
      Clocks clocks,
      AgentLog log) {}

  private record Asked(String request, long nanos) {}

  private final Parts parts;
  private final Rhythm rhythm;
  private final Thread thread;
  private Optional<Asked> asked = Optional.empty();
  private OptionalLong savedStep = OptionalLong.empty();
  private OptionalLong baseStep = OptionalLong.empty();
  private long savedNanos;
  private boolean training;
  private volatile boolean stopped;

  Saves(Parts parts, Rhythm rhythm) {
    this.parts = parts;
    this.rhythm = rhythm;
    this.thread = Thread.ofPlatform().name("saves").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Nothing is asked for any more, but for {@link #askLast}. */
  void stop() {
    stopped = true;
  }

  /** True while there is a training that would save when asked. */
  boolean areTaken() {
    parts.hook().look();
    return parts.hook().asks();
  }

  /** Whether a save that begins now arrives before the machine is gone. */
  LastSave.Verdict fits(double seconds) {
    var status = parts.uploads().get();
    boolean uploading = status.uploadingStep().isPresent() || status.waiting() > 0;
    return LastSave.decide(seconds, parts.hook().saveSeconds(), status.uploadSeconds(), uploading);
  }

  /** Asks for the last save. @return how to hear of it; empty where it could not be asked for */
  Optional<Supplier<SaveRequests.Answer>> askLast() {
    try {
      var requests = parts.hook().requests();
      var request = requests.ask();
      return Optional.of(() -> requests.answer(request));
    } catch (IOException e) {
      parts.log().event("save_not_asked", Map.of("message", "" + e.getMessage()));
      return Optional.empty();
    }
  }

  private void run() {
    try {
      while (!stopped) {
        look();
        Thread.sleep(LOOK);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // The script saves as it would without us.
      parts.log().event("saves_failed", Map.of("message", "" + e));
    }
  }

  private void look() {
    parts.hook().look();
    long now = parts.clocks().monotonic();
    if (!parts.hook().asks()) {
      training = false;
      return;
    }
    if (!training) {
      training = true;
      began(now);
    }
    var newest = parts.hook().savedStep();
    if (!newest.equals(savedStep)) {
      savedStep = newest;
      baseStep = newest;
      savedNanos = now;
    }
    if (baseStep.isEmpty()) {
      baseStep = parts.step().get();
    }
    if (asked.isPresent()) {
      heard(asked.get(), now);
    } else if (parts.held().getAsBoolean() && Cadence.isDue(rhythm, known(now))) {
      ask(now);
    }
  }

  private void began(long now) {
    asked = Optional.empty();
    savedStep = parts.hook().savedStep();
    baseStep = parts.hook().resumedStep();
    savedNanos = now;
  }

  private Cadence.Known known(long now) {
    var step = parts.step().get();
    var since =
        step.isPresent() && baseStep.isPresent()
            ? OptionalLong.of(Math.max(0, step.getAsLong() - baseStep.getAsLong()))
            : OptionalLong.empty();
    return new Cadence.Known(since, (now - savedNanos) / 1e9, saveSeconds(), uploadSeconds());
  }

  private OptionalDouble saveSeconds() {
    return parts.hook().saveSeconds();
  }

  private OptionalDouble uploadSeconds() {
    return parts.uploads().get().uploadSeconds();
  }

  private void ask(long now) {
    if (stopped) {
      return;
    }
    try {
      asked = Optional.of(new Asked(parts.hook().requests().ask(), now));
      parts.log().event("save_asked", Map.of("rhythm", rhythm.toString()));
    } catch (IOException e) {
      parts.log().event("save_not_asked", Map.of("message", "" + e.getMessage()));
      savedNanos = now;
    }
  }

  /** One that failed is tried again after another interval. */
  private void heard(Asked request, long now) {
    boolean waits =
        parts.hook().requests().answer(request.request()) instanceof SaveRequests.Answer.Waiting;
    if (!waits || now - request.nanos() > FORGOTTEN.toNanos()) {
      asked = Optional.empty();
      savedNanos = now;
      baseStep = parts.step().get();
    }
  }
}
