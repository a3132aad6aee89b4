package io.vaultlayer.agent.checkpoint;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/**
 * A few threads for the length of one transfer. A task is accepted when a thread is free, so what
 * waits is bounded; the first failure stops the rest.
 */
final class Crew<T> implements AutoCloseable {
  /** Four fill a home-grade link and leave the training its cores. */
  static final int THREADS = 4;

  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS,
          task -> {
            var thread = new Thread(task, "checkpoint-transfer");
            thread.setDaemon(true);
            return thread;
          });
  private final Semaphore free = new Semaphore(THREADS);
  private final List<Future<T>> started = new ArrayList<>();
  private volatile boolean failed;

  /** Runs a task on a free thread; blocks until there is one. Does nothing after a failure. */
  void start(Callable<T> task) throws IOException {
    try {
      free.acquire();
    } catch (InterruptedException e) {
      throw interrupted();
    }
    started.add(
        threads.submit(() -> {
          boolean good = false;
          try {
            T result = failed ? null : task.call();
            good = true;
            return result;
          } finally {
            failed |= !good;
            free.release();
          }
        }));
  }

  /** True once a task failed: what is left need not be started. */
  boolean hasFailed() {
    return failed;
  }

  /** Results in the order of starting. @throws IOException the first task's that failed */
  List<T> results() throws IOException {
    var results = new ArrayList<T>();
    ExecutionException first = null;
    for (Future<T> task : started) {
      try {
        results.add(task.get());
      } catch (ExecutionException e) {
        first = first == null ? e : first;
      } catch (InterruptedException e) {
        throw interrupted();
      }
    }
    if (first == null) {
      return results;
    }
    switch (first.getCause()) {
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IOException(first.getCause());
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  private static IOException interrupted() {
    Thread.currentThread().interrupt();
    return new IOException("interrupted");
  }
}
