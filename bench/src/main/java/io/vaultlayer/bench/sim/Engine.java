package io.vaultlayer.bench.sim;

import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Virtual time: a queue of what happens when. Exactly one thread of a world runs at any moment; one
 * that is suspended ({@link Strand}) is an event like any other.
 */
public final class Engine {
  /** Virtual time 0. */
  public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private record Task(long at, long order, Runnable work) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::order));
  private long now;
  private long order;
  private long events;

  /** Milliseconds since {@link #START}. */
  public long now() {
    return now;
  }

  public Instant instant() {
    return START.plusMillis(now);
  }

  /** Events run so far. */
  public long events() {
    return events;
  }

  /** Runs {@code work} after so many milliseconds; at one moment in the order of asking. */
  public void after(long millis, Runnable work) {
    tasks.add(new Task(now + Math.max(0, millis), order++, work));
  }

  public void at(long time, Runnable work) {
    after(time - now, work);
  }

  /** Runs the next event if it is due by then; false when there is none, and time moves there. */
  public boolean step(long until) {
    var next = tasks.peek();
    if (next == null || next.at() > until) {
      now = Math.max(now, until);
      return false;
    }
    tasks.poll();
    now = next.at();
    events++;
    next.work().run();
    return true;
  }
}
