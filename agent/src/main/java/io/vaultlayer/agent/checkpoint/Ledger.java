package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.AttemptApi;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * What the watching and the uploading side know together: which steps are taken, which snapshot
 * waits, what was committed, and what the user should hear.
 */
final class Ledger {
  private static final int MOST_WARNINGS = 8;
  private static final int MOST_WARNING_CHARACTERS = 300;
  private static final int MOST_HOLDS = 32;

  private final long startStep;
  private long committedStep;
  private long lastNumber;
  private Optional<AttemptApi.Pointer> committed = Optional.empty();
  private Snapshot waiting;
  private Snapshot uploading;
  private boolean fenced;
  private boolean closed;
  private boolean resumes;
  private String trouble = "";
  private long takenNanos;
  private OptionalDouble uploadSeconds = OptionalDouble.empty();
  private final ArrayDeque<String> warnings = new ArrayDeque<>();
  private final ArrayDeque<AttemptApi.Hold> holds = new ArrayDeque<>();

  /**
   * @param startStep of the checkpoint that the attempt started from
   */
  Ledger(Optional<Long> startStep) {
    this.startStep = startStep.orElse(-1L);
    this.committedStep = this.startStep;
    this.lastNumber = Math.max(0, this.startStep);
  }

  /**
   * Only steps above this are worth a look. Below everything while it is open whether the script
   * resumed: the control plane is told once of a step that is not newer.
   */
  synchronized long above() {
    return startStep >= 0 && !resumes ? -1 : taken();
  }

  /** Whether a checkpoint of this step is to be snapshot now. */
  synchronized boolean wants(OptionalLong step) {
    if (fenced || closed) {
      return false;
    }
    if (step.isEmpty() || step.getAsLong() > taken()) {
      return true;
    }
    return !resumes && step.getAsLong() < startStep && waiting == null && uploading == null;
  }

  /** The step that its checkpoint gets: the name's, or the next number. */
  synchronized long number(OptionalLong step) {
    long number = step.orElse(Math.max(lastNumber, taken()) + 1);
    lastNumber = Math.max(lastNumber, number);
    return number;
  }

  /** Makes a snapshot the one that waits. @return the one that it supersedes, to be discarded */
  synchronized Optional<Snapshot> offer(Snapshot snapshot) {
    resumes |= snapshot.step() > startStep;
    Optional<Snapshot> superseded = Optional.ofNullable(waiting);
    waiting = snapshot;
    notifyAll();
    return superseded;
  }

  /** Waits for a snapshot. @return empty when there will be none any more */
  synchronized Optional<Snapshot> take() throws InterruptedException {
    while (waiting == null && !closed && !fenced && holds.isEmpty()) {
      wait();
    }
    if (waiting == null || fenced || closed) {
      return Optional.empty();
    }
    uploading = waiting;
    waiting = null;
    takenNanos = System.nanoTime();
    return Optional.of(uploading);
  }

  /** True when the snapshot on its way has become pointless: a newer one waits. */
  synchronized boolean isSuperseded() {
    return waiting != null;
  }

  synchronized boolean isOver() {
    return fenced || closed;
  }

  synchronized void done() {
    uploading = null;
    notifyAll();
  }

  synchronized void committed(AttemptApi.Pointer pointer) {
    committed = Optional.of(pointer);
    committedStep = Math.max(committedStep, pointer.step());
    uploadSeconds = OptionalDouble.of((System.nanoTime() - takenNanos) / 1e9);
    trouble = "";
  }

  /** The control plane has heard that the script started over. */
  synchronized void notNewer(long step) {
    resumes = true;
    warn("the script saved step " + step + " although it was to resume at " + startStep);
  }

  synchronized void hold(long step, String reason, long bytes, int files) {
    if (holds.size() == MOST_HOLDS) {
      holds.removeFirst();
    }
    String text =
        reason.length() <= MOST_WARNING_CHARACTERS
            ? reason
            : reason.substring(0, MOST_WARNING_CHARACTERS);
    holds.addLast(new AttemptApi.Hold(step, text, bytes, files));
    trouble = "checkpoint of step " + step + " held: " + reason;
    warn(trouble);
    notifyAll();
  }

  synchronized Optional<AttemptApi.Hold> nextHold() {
    return Optional.ofNullable(holds.peekFirst());
  }

  synchronized void told(AttemptApi.Hold hold) {
    holds.remove(hold);
    notifyAll();
  }

  synchronized void trouble(String text) {
    trouble = text;
  }

  synchronized void warn(String text) {
    String bounded =
        text.length() <= MOST_WARNING_CHARACTERS
            ? text
            : text.substring(0, MOST_WARNING_CHARACTERS);
    if (warnings.contains(bounded)) {
      return;
    }
    if (warnings.size() == MOST_WARNINGS) {
      warnings.removeFirst();
    }
    warnings.addLast(bounded);
  }

  synchronized void fence() {
    fenced = true;
    trouble = "fenced";
    notifyAll();
  }

  synchronized void close() {
    closed = true;
    notifyAll();
  }

  /** Waits until nothing waits or is on its way. @return false when time or the fence came first */
  synchronized boolean awaitIdle(long endNanos) {
    try {
      while (waiting != null || uploading != null || !holds.isEmpty()) {
        long left = endNanos - System.nanoTime();
        if (left <= 0 || fenced) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
      return !fenced;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  synchronized Optional<AttemptApi.Pointer> committed() {
    return committed;
  }

  synchronized boolean isFenced() {
    return fenced;
  }

  synchronized String trouble() {
    return trouble;
  }

  synchronized OptionalLong committedStep() {
    return committedStep < 0 ? OptionalLong.empty() : OptionalLong.of(committedStep);
  }

  synchronized OptionalLong uploadingStep() {
    return uploading == null ? OptionalLong.empty() : OptionalLong.of(uploading.step());
  }

  /** From the begin of the last committed checkpoint's upload to its commit. */
  synchronized OptionalDouble uploadSeconds() {
    return uploadSeconds;
  }

  synchronized int waiting() {
    return waiting == null ? 0 : 1;
  }

  synchronized List<String> warnings() {
    return new ArrayList<>(warnings);
  }

  private long taken() {
    long taken = committedStep;
    if (waiting != null) {
      taken = Math.max(taken, waiting.step());
    }
    return uploading == null ? taken : Math.max(taken, uploading.step());
  }
}
