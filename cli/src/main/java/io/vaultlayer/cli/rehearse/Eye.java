package io.vaultlayer.cli.rehearse;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.cli.rehearse.Series.Point;
import io.vaultlayer.core.progress.StepLine;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Watches one job of the rehearsal where it runs: on this disk and in this machine's processes. A
 * kill inside a save has to come within it, and a save of a small model takes milliseconds.
 */
final class Eye implements Runnable {
  /** While a save is to be met before it is over; else a look costs more than it shows. */
  private static final long ALERT_LOOK_MILLIS = 4;

  private static final long LOOK_MILLIS = 20;
  private static final long MEMBERS_NANOS = 150_000_000L;

  /** So long without a change, nothing open for writing, and a save that was seen is over. */
  private static final long QUIET_NANOS = 150_000_000L;

  /** So long without a change, and a file of a script that says nothing counts as complete. */
  static final long LEFT_ALONE_NANOS = 5_000_000_000L;

  private static final int MOST_SAVES = 10_000;

  /**
   * One start of the script.
   *
   * @param began when its process was first seen, by {@code System.nanoTime}
   */
  private record Attempt(
      int epoch, long began, KeptDirectory kept, Tail output, Tail events, Path progress) {}

  /** The machine was lost at this moment, as the disk was then. */
  record Blow(
      int attempt,
      OptionalLong step,
      boolean saveUnderWay,
      Map<String, KeptDirectory.Entry> files,
      long nanos) {}

  private final Machine machine;
  private final InstantSource clock;
  private final Series series = new Series();
  private final List<Save> saves = new ArrayList<>();
  private final Map<Integer, Long> began = new HashMap<>();
  private final Map<Integer, Long> firstSteps = new HashMap<>();
  private List<Machine.Member> members = List.of();
  private Attempt attempt;
  private long membersSeen;
  private OptionalLong step = OptionalLong.empty();
  private Optional<JsonNode> found = Optional.empty();
  private boolean hook;
  private OptionalLong savingStep = OptionalLong.empty();
  private long savingBegan;
  private long lastChange;
  private Instant beganAt;
  private Instant savingSince = Instant.EPOCH;
  private Map<String, Long> usual = Map.of();
  private Optional<Long> strikeAfterNanos = Optional.empty();
  private Optional<Blow> blow = Optional.empty();
  private JsonNode progressSeen;
  private boolean leftAlone;
  private volatile boolean stopped;
  private volatile boolean interrupted;

  Eye(Machine machine, InstantSource clock) {
    this.machine = machine;
    this.clock = clock;
  }

  @Override
  public void run() {
    try {
      while (!stopped) {
        look();
        Thread.sleep(pause());
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
  }

  private synchronized long pause() {
    return strikeAfterNanos.isPresent() ? ALERT_LOOK_MILLIS : LOOK_MILLIS;
  }

  void stop() {
    stopped = true;
  }

  boolean wasInterrupted() {
    return interrupted;
  }

  // ---- what it knows

  Series series() {
    return series;
  }

  synchronized List<Save> saves() {
    return List.copyOf(saves);
  }

  /** Newest step of the attempt that runs now. */
  synchronized OptionalLong step() {
    return step;
  }

  /** Whether a saved file of any attempt has lain there unchanged, long enough to be stored. */
  synchronized boolean hasLeftAlone() {
    return leftAlone;
  }

  synchronized boolean saving() {
    return savingBegan != 0;
  }

  /** The import hook's {@code found} event. */
  synchronized Optional<JsonNode> found() {
    return found;
  }

  synchronized Optional<Path> kept() {
    return Optional.ofNullable(attempt).map(one -> one.kept().path());
  }

  /** When the script of this attempt was first seen, by {@code System.nanoTime}. */
  synchronized Optional<Long> began(int epoch) {
    return Optional.ofNullable(began.get(epoch));
  }

  /** When the script of the first attempt was first seen. */
  synchronized Optional<Instant> beganAt() {
    return Optional.ofNullable(beganAt);
  }

  /** Seconds from the begin of the script to the first step that it told. */
  synchronized OptionalDouble secondsToFirstStep(int epoch) {
    return began.containsKey(epoch) && firstSteps.containsKey(epoch)
        ? OptionalDouble.of((firstSteps.get(epoch) - began.get(epoch)) / 1e9)
        : OptionalDouble.empty();
  }

  // ---- blows

  /**
   * Loses the machine once a save has gone on for so long and is not over.
   *
   * @param whole what files of a whole save usually are, as the uninterrupted run has shown
   */
  synchronized void strikeInside(double afterSeconds, Map<String, Long> whole) {
    strikeAfterNanos = Optional.of((long) (afterSeconds * 1e9));
    usual = whole;
  }

  synchronized Map<String, Long> usual() {
    return usual;
  }

  /** What was hit since the last call. */
  synchronized Optional<Blow> blow() {
    var last = blow;
    blow = Optional.empty();
    return last;
  }

  /** Loses the machine now. */
  synchronized void strike() throws InterruptedException {
    machine.lose(fresh());
    attempt.events().lines(this::event); // it may have said in its last moment that it is whole
    attempt.kept().changed(System.nanoTime());
    boolean under = isUnfinished();
    blow =
        Optional.of(
            new Blow(attempt.epoch(), step, under, attempt.kept().entries(), System.nanoTime()));
    if (under) {
      saved(savingStep, (System.nanoTime() - savingBegan) / 1e9, false);
    }
    strikeAfterNanos = Optional.empty();
    attempt = null;
    members = List.of();
  }

  private List<Machine.Member> fresh() {
    return members.isEmpty() ? machine.members() : members;
  }

  // ---- looking

  private synchronized void look() throws InterruptedException {
    long now = System.nanoTime();
    if (now - membersSeen > MEMBERS_NANOS) {
      membersSeen = now;
      members = machine.members();
      settle(now);
      members.stream()
          .filter(Machine.Member::trains)
          .max(java.util.Comparator.comparingInt(Machine.Member::epoch))
          .filter(one -> attempt == null || one.epoch() > attempt.epoch())
          .ifPresent(one -> begin(one, now));
    }
    if (attempt == null) {
      return;
    }
    attempt.output().lines(line -> output(line));
    attempt.events().lines(this::event);
    progress();
    if (!hook) {
      files(now);
    }
    if (savingBegan != 0
        && strikeAfterNanos.isPresent()
        && System.nanoTime() - savingBegan >= strikeAfterNanos.get()
        && (hook || isUnfinished() || Machine.writes(members, attempt.kept().path()))) {
      strike();
    }
  }

  private void settle(long now) {
    if (attempt == null || leftAlone) {
      return;
    }
    // A framework that calls a save done leaves it alone, wherever it lies.
    leftAlone =
        hook
            ? saves.stream().anyMatch(Save::whole)
            : attempt.kept().hasLeftAlone(LEFT_ALONE_NANOS, now);
  }

  /** A save has begun, and what lies there is not all of it. */
  private boolean isUnfinished() {
    long since = savingSince.getEpochSecond() * 1_000_000_000L + savingSince.getNano();
    return savingBegan != 0 && (hook || attempt.kept().hasTorn(usual, since));
  }

  private void begin(Machine.Member script, long now) {
    var logs = script.instance().resolve("scratch/logs");
    var own = logs.resolve(BucketLayout.epochName(script.epoch()));
    var kept = new KeptDirectory(script.kept());
    kept.changed(now); // what was restored is no save
    attempt =
        new Attempt(
            script.epoch(),
            now,
            kept,
            new Tail(own.resolve("output.log")),
            new Tail(own.resolve("hook/events.jsonl")),
            own.resolve("progress.json"));
    began.put(script.epoch(), now);
    beganAt = beganAt == null ? clock.instant() : beganAt;
    step = OptionalLong.empty();
    hook = false;
    savingBegan = 0;
    progressSeen = null;
  }

  private void output(String line) {
    series.line(attempt.epoch(), line);
    StepLine.parse(line).step().ifPresent(this::stepped);
  }

  private void stepped(long seen) {
    if (step.isEmpty() || seen > step.getAsLong()) {
      step = OptionalLong.of(seen);
    }
    firstSteps.putIfAbsent(attempt.epoch(), System.nanoTime());
  }

  private void event(String line) {
    JsonNode event;
    try {
      event = Json.tree(line);
    } catch (Json.MalformedJson e) {
      return; // torn by the death of its writer
    }
    var at = event.path("step");
    var told = at.isIntegralNumber() ? OptionalLong.of(at.asLong()) : OptionalLong.empty();
    switch (event.path("event").asText()) {
      case "found" -> {
        found = found.or(() -> Optional.of(event));
        hook = true;
        savingBegan = 0;
      }
      case "saving" -> {
        savingBegan = System.nanoTime();
        savingStep = told;
      }
      case "saved" -> {
        double seen = savingBegan == 0 ? 0 : (System.nanoTime() - savingBegan) / 1e9;
        saved(told, event.path("seconds").asDouble(seen), true);
      }
      case "error" -> savingBegan = 0;
      default -> {}
    }
  }

  private void saved(OptionalLong told, double seconds, boolean whole) {
    if (saves.size() < MOST_SAVES) {
      saves.add(new Save(attempt.epoch(), told, clock.instant(), seconds, whole));
    }
    savingBegan = 0;
    savingStep = OptionalLong.empty();
  }

  /** The helper module's and the hook's word on the newest step. */
  private void progress() {
    try {
      if (!Files.exists(attempt.progress())) {
        return;
      }
      var seen = Json.tree(Files.readString(attempt.progress()));
      if (seen.equals(progressSeen) || !seen.path("step").isIntegralNumber()) {
        return;
      }
      progressSeen = seen;
      long told = seen.path("step").asLong();
      var loss = seen.path("loss");
      series.tell(
          attempt.epoch(),
          told,
          new Point(
              loss.isNumber() ? OptionalDouble.of(loss.asDouble()) : OptionalDouble.empty(),
              OptionalDouble.empty()));
      stepped(told);
    } catch (IOException | Json.MalformedJson e) {
      return; // it is being written, or gone
    }
  }

  /** Saves of a script that the hook knows nothing of: files that come or change. */
  private void files(long now) {
    if (attempt.kept().changed(now)) {
      if (savingBegan == 0) {
        savingBegan = now;
        savingStep = OptionalLong.empty();
        savingSince = clock.instant().minusMillis(5 * LOOK_MILLIS);
      }
      lastChange = System.nanoTime();
      return;
    }
    if (savingBegan != 0
        && now - lastChange > QUIET_NANOS
        && !attempt.kept().hasUnfinished()
        && !Machine.writes(members, attempt.kept().path())) {
      saves.add(
          new Save(
              attempt.epoch(),
              OptionalLong.empty(),
              clock.instant().minusNanos(now - lastChange),
              (lastChange - savingBegan) / 1e9,
              true));
      savingBegan = 0;
      var seen = new HashMap<>(usual);
      attempt.kept().usual().forEach((name, bytes) -> seen.merge(name, bytes, Math::max));
      usual = seen;
    }
  }
}
