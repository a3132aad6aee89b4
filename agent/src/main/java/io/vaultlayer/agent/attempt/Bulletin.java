package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.checkpoint.CheckpointPipeline;
import io.vaultlayer.agent.gate.Vitals;
import io.vaultlayer.agent.gpu.GpuMonitor;
import io.vaultlayer.agent.hook.Hook;
import io.vaultlayer.agent.lease.Clocks;
import io.vaultlayer.agent.progress.Progress;
import io.vaultlayer.agent.progress.ProgressReader;
import io.vaultlayer.agent.work.InstanceDir;
import io.vaultlayer.wire.AttemptApi;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What there is to tell about an attempt: phase, steps, warnings; for beats and reports. */
final class Bulletin implements Vitals {
  private static final int MOST_WARNINGS = 8;
  private static final int MOST_WARNING = 300;

  /** Each beat with warnings costs the control plane a write; three tries get them there. */
  private static final int TIMES_TOLD = 3;

  private final InstanceDir places;
  private final int epoch;
  private final Clocks clocks;
  private final GpuMonitor gpus;
  private final Deque<String> warnings = new ArrayDeque<>();
  private String phase = "fetching";
  private Optional<CheckpointPipeline> pipeline = Optional.empty();

  /** Asked outside of our lock: its warnings come here under its own. */
  private volatile Optional<Hook> hook = Optional.empty();

  private ProgressReader progress;
  private List<String> told = List.of();
  private int timesTold;

  Bulletin(InstanceDir places, int epoch, Clocks clocks, GpuMonitor gpus) {
    this.places = places;
    this.epoch = epoch;
    this.clocks = clocks;
    this.gpus = gpus;
    startsFrom(0);
  }

  /** Steps are counted from this checkpoint on. */
  final synchronized void startsFrom(long step) {
    progress =
        new ProgressReader(
            places.progress(epoch), places.output(epoch), new Progress(step, clocks::monotonic));
  }

  synchronized void saves(CheckpointPipeline running) {
    pipeline = Optional.of(running);
  }

  /** From now on the import hook is asked how many processes save together. */
  void hears(Hook told) {
    hook = Optional.of(told);
  }

  synchronized void phase(String next) {
    phase = next;
  }

  synchronized void warn(String text) {
    warnings.addLast(text.length() > MOST_WARNING ? text.substring(0, MOST_WARNING) : text);
    while (warnings.size() > MOST_WARNINGS) {
      warnings.removeFirst();
    }
  }

  synchronized OptionalLong step() {
    return seen().step();
  }

  @Override
  public synchronized OptionalDouble loss() {
    progress.look();
    return progress.progress().losses().newest();
  }

  @Override
  public OptionalInt worldSize() {
    Optional<Hook> asked = hook;
    asked.ifPresent(Hook::look);
    return asked.map(Hook::world).orElseGet(OptionalInt::empty);
  }

  @Override
  public synchronized Optional<String> ailment() {
    progress.look();
    return progress.progress().losses().problem().or(gpus::ailment);
  }

  /** Newest steps, for a report. */
  synchronized Reports reports() {
    Progress.Seen seen = seen();
    return new Reports(boxed(seen.firstStep()), boxed(seen.step()));
  }

  synchronized AttemptApi.Heartbeat beat(long number) {
    Progress.Seen seen = seen();
    return new AttemptApi.Heartbeat(
        number,
        phase,
        boxed(seen.step()),
        boxed(seen.firstStep()),
        boxed(seen.loss()),
        boxed(seen.stepsPerSecond()),
        boxed(seen.secondsSinceStep()),
        warnings(),
        gpus.figures());
  }

  private Progress.Seen seen() {
    progress.look();
    pipeline.ifPresent(
        running -> running.status().committedStep().ifPresent(progress.progress()::checkpointed));
    return progress.progress().seen();
  }

  private List<String> warnings() {
    var all = new ArrayList<>(warnings);
    gpus.warning().ifPresent(all::add);
    pipeline.ifPresent(running -> all.addAll(running.status().warnings()));
    List<String> newest =
        List.copyOf(all.subList(Math.max(0, all.size() - MOST_WARNINGS), all.size()));
    timesTold = newest.equals(told) ? timesTold + 1 : 1;
    told = newest;
    return timesTold > TIMES_TOLD ? List.of() : newest;
  }

  private static Long boxed(OptionalLong value) {
    return value.isPresent() ? value.getAsLong() : null;
  }

  private static Double boxed(OptionalDouble value) {
    return value.isPresent() ? value.getAsDouble() : null;
  }
}
