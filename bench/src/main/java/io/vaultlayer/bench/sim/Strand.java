package io.vaultlayer.bench.sim;

import java.util.concurrent.Semaphore;

/**
 * A piece of work that can be suspended in the middle, inside of code that knows nothing of it. It
 * has a thread of its own, but that thread and the engine's hand control to each other, so that
 * only one of the two ever runs.
 */
public final class Strand {
  /** Thrown out of a suspended strand when its world is over. */
  static final class Abandoned extends Error {
    private static final long serialVersionUID = 1L;

    Abandoned() {
      super("the world is over", null, false, false);
    }
  }

  private final Semaphore mine = new Semaphore(0);
  private final Semaphore engines = new Semaphore(0);
  private final Thread thread;
  private boolean done;
  private boolean abandoned;
  private RuntimeException failure;

  public Strand(Runnable work) {
    thread =
        Thread.ofVirtual()
            .unstarted(() -> {
              mine.acquireUninterruptibly();
              try {
                if (!abandoned) {
                  work.run();
                }
              } catch (Abandoned e) {
                // nobody waits for its result any more
              } catch (RuntimeException | Error e) {
                failure = new IllegalStateException("in a suspended invocation: " + e, e);
              } finally {
                done = true;
                engines.release();
              }
            });
    thread.start();
  }

  /** On the engine's thread: runs the strand until it suspends itself or ends. */
  public void resume() {
    mine.release();
    engines.acquireUninterruptibly();
    if (failure != null) {
      throw failure;
    }
  }

  /** On the strand's own thread: gives control back until somebody resumes it. */
  public void suspend() {
    engines.release();
    mine.acquireUninterruptibly();
    if (abandoned) {
      throw new Abandoned();
    }
  }

  public boolean done() {
    return done;
  }

  void abandon() {
    if (!done) {
      abandoned = true;
      resume();
    }
  }
}
