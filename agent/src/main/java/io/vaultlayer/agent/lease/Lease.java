package io.vaultlayer.agent.lease;

import java.time.Duration;

/**
 * How long this agent may believe that the attempt is still its own. Counted from the moment at
 * which the last accepted beat was SENT, because the control plane's lease began no earlier. It can
 * only stop its owner, never allow what the control plane has not.
 */
public final class Lease {
  /** What may be done. Each value allows less than the one before it. */
  public enum Standing {
    /** Everything. */
    HELD,
    /** The training goes on, but nothing new is written to the bucket and nothing is committed. */
    LAPSED,
    /** The training is frozen, and the control plane is asked. */
    FROZEN,
    /** Everything ends. */
    DEAD
  }

  /**
   * The clocks disagree by more than this after a suspended machine or a moved VM, and hardly ever
   * otherwise; a step of the wall clock costs one beat. Below a second, time services would cause
   * it; above a lease, a suspended machine would write.
   */
  private static final Duration JUMP = Duration.ofSeconds(5);

  private final Clocks clocks;
  private final Duration park;
  private final Duration deadMan;
  private Duration length;
  private long acceptedAt;
  private long offset;
  private long lookedAt;
  private boolean suspended;
  private long suspendedAt;

  /** Begins as if a beat that was sent at {@code sentAt} had been accepted. */
  public Lease(Clocks clocks, long sentAt, Duration length, Duration park, Duration deadMan) {
    this.clocks = clocks;
    this.length = length;
    this.park = park;
    this.deadMan = deadMan;
    this.acceptedAt = sentAt;
    this.lookedAt = clocks.monotonic();
    this.offset = clocks.wall() - lookedAt;
  }

  /** A beat was accepted. One that was sent before the machine was suspended proves nothing. */
  public synchronized void accepted(long sentAt, Duration newLength) {
    look();
    length = newLength;
    if (sentAt - acceptedAt > 0) {
      acceptedAt = sentAt;
    }
    if (suspended && sentAt - suspendedAt > 0) {
      suspended = false;
    }
  }

  public synchronized Standing standing() {
    long now = look();
    long age = now - acceptedAt;
    if (age >= deadMan.toNanos()) {
      return Standing.DEAD;
    }
    if (suspended || age >= park.toNanos()) {
      return Standing.FROZEN;
    }
    return age >= length.toNanos() ? Standing.LAPSED : Standing.HELD;
  }

  public boolean held() {
    return standing() == Standing.HELD;
  }

  /**
   * Compares the clocks with each other and with the last look, which comes every quarter second.
   */
  private long look() {
    long now = clocks.monotonic();
    long nowOffset = clocks.wall() - now;
    boolean jumped = Math.abs(nowOffset - offset) > JUMP.toNanos();
    boolean stopped = now - lookedAt > Math.max(length.toNanos(), JUMP.toNanos());
    if (jumped || stopped) {
      suspended = true;
      suspendedAt = now;
    }
    offset = nowOffset;
    lookedAt = now;
    return now;
  }
}
