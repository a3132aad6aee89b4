package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.World.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** Runs seeds, two worlds at a time, and adds up what they saw. */
public final class Simulation {
  private Simulation() {}

  /**
   * What a range of seeds showed.
   *
   * @param failures results with a violation, by seed
   * @param events per seed, in no order
   */
  public record Summary(
      long seeds, List<Result> failures, Coverage coverage, List<Long> events, long millis) {

    public double simulatedHours() {
      return millis / 3_600_000.0;
    }

    public long medianEvents() {
      return events.isEmpty() ? 0 : events.stream().sorted().toList().get(events.size() / 2);
    }
  }

  /** One seed as it was drawn. */
  public static Result run(long seed, Mutant mutant) {
    return new World(Plan.draw(seed), mutant.fresh(), false).run();
  }

  /**
   * Seeds {@code from} to {@code to}, both included.
   *
   * @param most stops once so many seeds have failed
   * @param progress told the number of seeds done
   */
  public static Summary run(long from, long to, Mutant mutant, int most, LongConsumer progress) {
    var next = new AtomicLong(from);
    var done = new AtomicLong();
    var stop = new AtomicBoolean();
    var coverage = new Coverage();
    var failures = new ArrayList<Result>();
    var events = new ArrayList<Long>();
    var millis = new AtomicLong();
    Callable<Void> worker =
        () -> {
          for (long seed = next.getAndIncrement();
              seed <= to && !stop.get();
              seed = next.getAndIncrement()) {
            var result = run(seed, mutant);
            synchronized (coverage) {
              coverage.add(result.coverage());
              events.add(result.events());
              millis.addAndGet(result.millis());
              if (result.violation().isPresent()) {
                failures.add(result);
                stop.set(failures.size() >= most);
              }
              progress.accept(done.incrementAndGet());
            }
          }
          return null;
        };
    int workers = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 4);
    // On virtual threads, because control passes often between a world and its strands.
    try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      var tasks = new ArrayList<java.util.concurrent.Future<Void>>();
      for (int i = 0; i < workers; i++) {
        tasks.add(pool.submit(worker));
      }
      for (var task : tasks) {
        task.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a world could not be run to its end", e.getCause());
    }
    failures.sort(java.util.Comparator.comparingLong(r -> r.plan().seed()));
    return new Summary(done.get(), failures, coverage, events, millis.get());
  }

  /** The same seed again with its lines kept, shrunk to what is needed for the same broken rule. */
  public static Optional<String> explain(Result failure, Mutant mutant) {
    return failure.violation().map(v -> Shrinker.script(failure.plan(), v, mutant));
  }
}
