package io.vaultlayer.bench.plane;

import io.vaultlayer.bench.sim.Engine;
import io.vaultlayer.bench.sim.Strand;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * Invocations: each is a strand, so that a call which takes time lets the rest of the world go on
 * meanwhile.
 */
final class Functions {
  private final Engine engine;
  private Strand running;

  Functions(Engine engine) {
    this.engine = engine;
  }

  /** Runs {@code work} as an invocation, and {@code after} when it has ended. */
  void invoke(Runnable work, Runnable after) {
    var strand =
        new Strand(() -> {
          work.run();
          after.run();
        });
    go(strand);
  }

  /** Lets time pass for the invocation that asks; calls from outside of any cost nothing. */
  void sleep(long millis) {
    var self = running;
    if (self != null && millis > 0) {
      engine.after(millis, () -> go(self));
      self.suspend();
    }
  }

  /**
   * Does all of it at the same time, each piece as a strand of its own.
   *
   * @return the answers in the order of the work; empty where none came within the limit
   */
  <T> List<Optional<T>> parallel(List<Callable<T>> work, long limitMillis) {
    var parent = running;
    if (work.isEmpty()) {
      return List.of();
    }
    if (parent == null) {
      throw new IllegalStateException("only an invocation does things in parallel");
    }
    var answers = new ArrayList<Optional<T>>(Collections.nCopies(work.size(), Optional.empty()));
    var failures = new ArrayList<RuntimeException>();
    var round =
        new Object() {
          int left = work.size();
          boolean over;
        };
    for (int i = 0; i < work.size(); i++) {
      int place = i;
      go(
          new Strand(() -> {
            Optional<T> answer = Optional.empty();
            try {
              answer = Optional.of(work.get(place).call());
            } catch (Exception e) {
              failures.add(e instanceof RuntimeException r ? r : new IllegalStateException(e));
            }
            if (!round.over) {
              answers.set(place, answer);
              if (--round.left == 0) {
                engine.after(0, () -> end(round.over, parent, () -> round.over = true));
              }
            }
          }));
    }
    engine.after(limitMillis, () -> end(round.over, parent, () -> round.over = true));
    parent.suspend();
    if (!failures.isEmpty()) {
      throw failures.getFirst();
    }
    return answers;
  }

  private void end(boolean over, Strand parent, Runnable mark) {
    if (!over) {
      mark.run();
      go(parent);
    }
  }

  private void go(Strand strand) {
    var before = running;
    running = strand;
    strand.resume();
    running = before;
  }
}
