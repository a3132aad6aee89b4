package io.vaultlayer.cli.rehearse;

import io.vaultlayer.cli.follow.LogTail;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.pull.Puller;
import io.vaultlayer.wire.Lists.Checkpoint;
import io.vaultlayer.wire.Lists.Checkpoints;
import io.vaultlayer.wire.Lists.Download;
import io.vaultlayer.wire.StatusDocument;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One of the rehearsal's runs: a real job on the throwaway plane, and the eye on it. */
final class Trial {
  private static final int LONGEST_LINE = 64 << 10;
  private static final int MOST_LAST_LINES = 12;

  private final String title;
  private final Jobs jobs;
  private final Eye eye;
  private final InstantSource clock;
  private Optional<Instant> runningSince = Optional.empty();
  private StatusDocument status;
  private List<Checkpoint> checkpoints = List.of();
  private final Map<Integer, List<String>> lastLines = new HashMap<>();

  Trial(String title, Jobs jobs, StatusDocument submitted, Path instances, InstantSource clock) {
    this.title = title;
    this.jobs = jobs;
    this.status = submitted;
    this.clock = clock;
    this.eye = new Eye(new Machine(instances, submitted.id()), clock);
    Thread.ofPlatform().daemon().name("eye-" + title).start(eye);
  }

  String title() {
    return title;
  }

  Eye eye() {
    return eye;
  }

  StatusDocument status() {
    return status;
  }

  boolean ended() {
    return Jobs.ended(status.state());
  }

  boolean succeeded() {
    return status.state().equals("succeeded");
  }

  /** Asks again. */
  void look() throws InterruptedException {
    var newest = status.checkpoint();
    status = jobs.status(status.id());
    if (runningSince.isEmpty() && status.state().equals("running")) {
      runningSince = Optional.of(clock.instant());
    }
    boolean none = status.checkpoint() == null && !eye.saves().isEmpty();
    if (none || !java.util.Objects.equals(newest, status.checkpoint())) {
      checkpoints = asked();
    }
  }

  /** Whether the plane has known for so long that it runs: before that, nothing can be stored. */
  boolean hasRun(Duration time) {
    return runningSince
        .filter(since -> Duration.between(since, clock.instant()).compareTo(time) > 0)
        .isPresent();
  }

  /** Saves that were looked into and not kept, with the reasons. */
  List<Checkpoint> held() {
    return checkpoints.stream()
        .filter(one -> one.status().equals("held") && one.reason() != null)
        .toList();
  }

  private List<Checkpoint> asked() throws InterruptedException {
    return jobs.about(status.id(), "/checkpoints?limit=1000", Checkpoints.class).checkpoints();
  }

  /** Of every kind, as they are listed. */
  List<Checkpoint> checkpoints() {
    return checkpoints;
  }

  /** Those that an attempt can start from, or could until they were pruned; lowest step first. */
  List<Checkpoint> committed() {
    return checkpoints.stream()
        .filter(one -> one.status().equals("committed") || one.status().equals("pruned"))
        .sorted(Comparator.comparingLong(Checkpoint::step))
        .toList();
  }

  long committedStep() {
    return status.checkpoint() == null ? 0 : status.checkpoint().step();
  }

  Optional<StatusDocument.Attempt> attempt(int epoch) {
    return status.attempts() == null
        ? Optional.empty()
        : status.attempts().stream().filter(one -> one.epoch() == epoch).findFirst();
  }

  /** Ends it, if it has not ended, and reads what it has left. */
  void finish() throws InterruptedException {
    eye.stop();
    if (!ended()) {
      try {
        jobs.act(status.id(), "cancel", Map.of());
      } catch (Failure e) {
        look(); // it has ended by itself meanwhile
      }
    }
    checkpoints = asked();
    readLogs();
  }

  /** What the plane has stored of the output is whole, also where the disk is clean already. */
  private void readLogs() throws InterruptedException {
    var rest = new HashMap<Integer, StringBuilder>();
    new LogTail(jobs, status.id(), Optional.empty())
        .readAll(piece -> {
          var text = rest.computeIfAbsent(piece.attempt(), _ -> new StringBuilder());
          text.append(new String(LogTail.bytes(piece), StandardCharsets.UTF_8));
          int end = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
          lines(piece.attempt(), text.substring(0, end));
          text.delete(0, text.length() - end > LONGEST_LINE ? text.length() : end);
        });
  }

  private void lines(int attempt, String text) {
    var last = lastLines.computeIfAbsent(attempt, _ -> new ArrayList<>());
    for (var line : text.split("[\r\n]+")) {
      if (line.isBlank()) {
        continue;
      }
      eye.series().line(attempt, line);
      last.add(line);
      if (last.size() > MOST_LAST_LINES) {
        last.removeFirst();
      }
    }
  }

  /** The last words of an attempt. */
  List<String> lastLines(int attempt) {
    return lastLines.getOrDefault(attempt, List.of());
  }

  // ---- files

  /** Files of a committed checkpoint; none where it was pruned meanwhile. */
  List<Download> files(long step) throws InterruptedException {
    return look("/checkpoints/" + step + "/files");
  }

  List<Download> outputs() throws InterruptedException {
    return look("/outputs");
  }

  private List<Download> look(String rest) throws InterruptedException {
    try {
      return new Puller(jobs, status.id(), rest).look().files();
    } catch (Failure e) {
      return List.of();
    }
  }

  void pull(long step, Path directory) throws IOException, InterruptedException {
    var puller = new Puller(jobs, status.id(), "/checkpoints/" + step + "/files");
    puller.pull(puller.look(), directory);
  }

  void pullOutputs(Path directory) throws IOException, InterruptedException {
    var puller = new Puller(jobs, status.id(), "/outputs");
    puller.pull(puller.look(), directory);
  }

  /** In a few words, for the line of progress. */
  String brief() {
    var text = new StringBuilder(title).append(": ").append(status.state());
    eye.step().ifPresent(step -> text.append(" at step ").append(step));
    if (committedStep() > 0) {
      text.append(", checkpoint ").append(committedStep());
    }
    return text.toString();
  }
}
