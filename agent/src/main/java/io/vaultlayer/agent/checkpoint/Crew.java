package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.host.Priority;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A few threads for the length of one transfer. A task is accepted when a thread is free, so what
 * waits is bounded; after the first failure no further one is started.
 */
final class Crew implements AutoCloseable {
  /**
   * Connections for large bodies: a store gives each some 90 MB/s, so these fill 5 Gbit/s. Each may
   * hold a block of memory, so twice as many would need smaller parts.
   */
  static final int LARGE = 8;

  /** For small ones, which are mostly waiting for an answer. */
  static final int SMALL = 16;

  /** One piece of the transfer. */
  @FunctionalInterface
  interface Task {
    void run() throws IOException;
  }

  /** Longer than a write to a store that takes nothing lasts. */
  private static final int END_SECONDS = 90;

  private final int size;
  private final ExecutorService threads;
  private final Semaphore free;
  private volatile Throwable failure;

  Crew(int size) {
    this.size = size;
    this.free = new Semaphore(size);
    this.threads =
        Executors.newFixedThreadPool(
            size,
            task -> {
              var thread = new Thread(() -> lowly(task), "checkpoint-transfer");
              thread.setDaemon(true);
              return thread;
            });
  }

  private static void lowly(Runnable task) {
    Priority.lowerThisThread();
    task.run();
  }

  /** Runs a task on a free thread; blocks until there is one. Does nothing after a failure. */
  void start(Task task) throws IOException {
    start(task, () -> {});
  }

  /**
   * @param after runs in any case, also when the task does not
   */
  void start(Task task, Runnable after) throws IOException {
    try {
      acquire(1);
    } catch (IOException e) {
      after.run();
      throw e;
    }
    threads.execute(() -> {
      try {
        if (failure == null) {
          task.run();
        }
      } catch (IOException | RuntimeException | Error e) {
        fail(e);
      } finally {
        after.run();
        free.release();
      }
    });
  }

  /** True once a task failed: what is left need not be started. */
  boolean hasFailed() {
    return failure != null;
  }

  /** Waits until all that was started has ended. @throws IOException the first failure */
  void finish() throws IOException {
    acquire(size);
    free.release(size);
    switch (failure) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IOException(failure);
    }
  }

  @Override
  public void close() {
    end();
  }

  /** Interrupts what still runs. @return whether all of it has ended */
  boolean end() {
    threads.shutdownNow();
    boolean interrupted = Thread.interrupted();
    try {
      return threads.awaitTermination(END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
      return false;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized void fail(Throwable e) {
    if (failure == null) {
      failure = e;
    }
  }

  private void acquire(int permits) throws IOException {
    try {
      free.acquire(permits);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
