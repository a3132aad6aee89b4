package io.vaultlayer.agent.checkpoint;

import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * A few threads for the length of one transfer. A task is accepted when a thread is free, so what
 * waits is bounded; after the first failure no further one is started.
 */
final class Crew implements AutoCloseable {
  /** Four fill a home-grade link and leave the training its cores. */
  static final int THREADS = 4;

  /** One piece of the transfer. */
  @FunctionalInterface
  interface Task {
    void run() throws IOException;
  }

  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS,
          task -> {
            var thread = new Thread(task, "checkpoint-transfer");
            thread.setDaemon(true);
            return thread;
          });
  private final Semaphore free = new Semaphore(THREADS);
  private volatile Throwable failure;

  /** Runs a task on a free thread; blocks until there is one. Does nothing after a failure. */
  void start(Task task) throws IOException {
    acquire(1);
    threads.execute(() -> {
      try {
        if (failure == null) {
          task.run();
        }
      } catch (IOException | RuntimeException | Error e) {
        fail(e);
      } finally {
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
    acquire(THREADS);
    free.release(THREADS);
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
    threads.shutdownNow();
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
