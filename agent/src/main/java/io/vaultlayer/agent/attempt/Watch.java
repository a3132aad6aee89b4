package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.host.ProcessTree;
import io.vaultlayer.agent.lease.Lease;
import io.vaultlayer.agent.note.AgentLog;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Looks at the lease every quarter second and does to the training what follows: freeze, thaw, or
 * the end. A thread of its own, because the one that beats may be waiting for an answer.
 */
final class Watch {
  private static final long LOOK_MILLIS = 250;

  private final Lease lease;
  private final ProcessTree tree;
  private final Runnable ask;
  private final Runnable dead;
  private final AgentLog log;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Thread thread = Thread.ofPlatform().name("watch").daemon().unstarted(this::run);
  private boolean frozen;

  /**
   * @param ask makes a beat go out at once
   * @param dead told once, when nobody was heard for as long as the dead-man waits
   */
  Watch(Lease lease, ProcessTree tree, Runnable ask, Runnable dead, AgentLog log) {
    this.lease = lease;
    this.tree = tree;
    this.ask = ask;
    this.dead = dead;
    this.log = log;
  }

  void start() {
    thread.start();
  }

  void stop() {
    stopped.countDown();
  }

  private void run() {
    try {
      boolean more = true;
      while (more && !stopped.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        more = look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** False: there is nothing left to watch. */
  private boolean look() {
    try {
      return switch (lease.standing()) {
        case HELD, LAPSED -> thaw();
        case FROZEN -> freeze();
        case DEAD -> {
          dead.run();
          yield false;
        }
      };
    } catch (RuntimeException e) {
      // One look that failed must not be the last: without this thread nobody would park.
      log.event("look_failed", Map.of("message", String.valueOf(e)));
      return true;
    }
  }

  private boolean freeze() {
    // Again at every look: what was started meanwhile, or thawed by somebody else, stops too.
    tree.freeze();
    if (!frozen) {
      frozen = true;
      log.event("frozen", Map.of());
      ask.run();
    }
    return true;
  }

  private boolean thaw() {
    if (frozen) {
      frozen = false;
      tree.thaw();
      log.event("thawed", Map.of());
    }
    return true;
  }
}
