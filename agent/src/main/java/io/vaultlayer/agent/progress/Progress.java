package io.vaultlayer.agent.progress;

import io.vaultlayer.agent.gate.LossTrend;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * The steps of one attempt. A step may only grow: what prints {@code step 3 of epoch 2} falls back
 * again and again, cannot be understood, and is then reported as unknown.
 */
public final class Progress {
  /** One value to show at a time. @param firstStep see {@link #firstStep} */
  public record Seen(
      OptionalLong step,
      OptionalLong firstStep,
      OptionalDouble loss,
      OptionalDouble stepsPerSecond,
      OptionalDouble secondsSinceStep) {}

  private record Sample(long nanos, long step) {}

  /**
   * Lines are read a few times a second at most, many at once: what comes closer together than this
   * is one look, and the time between its lines says nothing about the training.
   */
  private static final long ONE_LOOK_NANOS = 250_000_000L;

  /** The rate is that of the last minute, or of the last steps where they are slower. */
  private static final long WINDOW_NANOS = 60_000_000_000L;

  private static final int MOST_SAMPLES = 64;
  private static final int MOST_FALLS = 2;

  private final long base;
  private final LongSupplier nanos;
  private final Deque<Sample> samples = new ArrayDeque<>();
  private OptionalLong first = OptionalLong.empty();
  private OptionalLong second = OptionalLong.empty();
  private OptionalLong told = OptionalLong.empty();
  private OptionalLong saved = OptionalLong.empty();
  private final LossTrend losses = new LossTrend();
  private long newestNanos;
  private int falls;

  /**
   * @param base steps done by the checkpoint that the attempt started from, 0 when fresh
   */
  public Progress(long base, LongSupplier nanos) {
    this.base = base;
    this.nanos = nanos;
  }

  /** The script has told this step. */
  public synchronized void step(long seen) {
    if (falls >= MOST_FALLS || told.isPresent() && seen == told.getAsLong()) {
      return;
    }
    if (told.isPresent() && seen < told.getAsLong()) {
      falls++;
      if (falls >= MOST_FALLS) {
        first = OptionalLong.empty();
        second = OptionalLong.empty();
        told = OptionalLong.empty();
        samples.clear();
        step().ifPresent(this::sample);
      }
      return;
    }
    if (first.isEmpty()) {
      first = OptionalLong.of(seen);
    } else if (second.isEmpty()) {
      second = OptionalLong.of(seen);
    }
    change(() -> told = OptionalLong.of(seen));
  }

  /**
   * A checkpoint of this step is complete: that many steps are done, whatever was told. It says
   * nothing about the first step.
   */
  public synchronized void checkpointed(long done) {
    if (done > base && (saved.isEmpty() || done > saved.getAsLong())) {
      change(() -> saved = OptionalLong.of(done));
    }
  }

  private void change(Runnable news) {
    OptionalLong before = step();
    news.run();
    OptionalLong after = step();
    if (!after.equals(before)) {
      sample(after.getAsLong());
    }
  }

  private OptionalLong step() {
    if (told.isEmpty() || saved.isEmpty()) {
      return told.isPresent() ? told : saved;
    }
    return told.getAsLong() >= saved.getAsLong() ? told : saved;
  }

  public void loss(double seen) {
    losses.add(seen);
  }

  /** All that were told. */
  public LossTrend losses() {
    return losses;
  }

  public synchronized Seen seen() {
    OptionalDouble since =
        samples.isEmpty()
            ? OptionalDouble.empty()
            : OptionalDouble.of((nanos.getAsLong() - newestNanos) / 1e9);
    return new Seen(step(), firstStep(), losses.newest(), rate(), since);
  }

  /**
   * The first step of the attempt. A script that prints every tenth step shows 810 when it has
   * resumed from 800; as the gaps between what it prints are no smaller, its first step was 801. A
   * script that began elsewhere (which did not resume, or from another checkpoint) shows it here.
   */
  public synchronized OptionalLong firstStep() {
    if (first.isEmpty()) {
      return first;
    }
    long gap = first.getAsLong() - base;
    boolean follows =
        gap == 1 || gap > 1 && second.isPresent() && gap <= second.getAsLong() - first.getAsLong();
    return follows ? OptionalLong.of(base + 1) : first;
  }

  private void sample(long step) {
    var newest = new Sample(nanos.getAsLong(), step);
    newestNanos = newest.nanos();
    if (!samples.isEmpty() && newest.nanos() - samples.getLast().nanos() < ONE_LOOK_NANOS) {
      samples.addLast(new Sample(samples.removeLast().nanos(), newest.step()));
      return;
    }
    samples.addLast(newest);
    while (samples.size() > MOST_SAMPLES
        || samples.size() > 2 && newest.nanos() - samples.getFirst().nanos() > WINDOW_NANOS) {
      samples.removeFirst();
    }
  }

  private OptionalDouble rate() {
    if (samples.size() < 2) {
      return OptionalDouble.empty();
    }
    Sample from = samples.getFirst();
    Sample to = samples.getLast();
    long time = to.nanos() - from.nanos();
    return time <= 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((to.step() - from.step()) * 1e9 / time);
  }
}
