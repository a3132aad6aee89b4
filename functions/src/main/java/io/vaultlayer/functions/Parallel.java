package io.vaultlayer.functions;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** How a platform that has threads does several things at once. */
public final class Parallel {
  private Parallel() {}

  /** As {@link Platform#parallel} says, each piece on a virtual thread of its own. */
  public static <T> List<Optional<T>> onVirtualThreads(List<Callable<T>> work, Duration limit) {
    var threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      var answers = new ArrayList<Optional<T>>();
      for (var future : threads.invokeAll(work, limit.toMillis(), TimeUnit.MILLISECONDS)) {
        answers.add(answer(future));
      }
      return answers;
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while work was done in parallel", ending);
    } finally {
      // Not close(): it would wait for what was given up.
      threads.shutdownNow();
    }
  }

  private static <T> Optional<T> answer(Future<T> future) throws InterruptedException {
    try {
      return Optional.of(future.get());
    } catch (CancellationException late) {
      return Optional.empty();
    } catch (ExecutionException failed) {
      throw unchecked(failed.getCause());
    }
  }

  static <T> T call(Callable<T> work) {
    try {
      return work.call();
    } catch (Exception failed) {
      throw unchecked(failed);
    }
  }

  private static RuntimeException unchecked(Throwable failed) {
    return switch (failed) {
      case RuntimeException own -> own;
      case Error worse -> throw worse;
      default -> new IllegalStateException(failed);
    };
  }
}
