package io.vaultlayer.testkit.fake;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Time that moves only when told to. */
public final class ManualClock implements InstantSource {
  private Instant now;

  public ManualClock(Instant start) {
    now = start;
  }

  /** Starts at 2026-01-01T00:00:00Z. */
  public ManualClock() {
    this(Instant.parse("2026-01-01T00:00:00Z"));
  }

  @Override
  public synchronized Instant instant() {
    return now;
  }

  /** Moves on; a negative duration is a clock that was set back. */
  public synchronized void advance(Duration time) {
    now = now.plus(time);
  }

  public synchronized void set(Instant time) {
    now = time;
  }
}
