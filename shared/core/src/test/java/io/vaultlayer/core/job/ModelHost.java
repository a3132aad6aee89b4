package io.vaultlayer.core.job;

/**
 * One instance in the model, packed into an int so that worlds compare and copy cheaply. It knows
 * its launch, the epoch it acts in (0: not registered), and, for each epoch it ever acted in, the
 * step that it reached there: what it may have sent and what may still arrive follows from that.
 */
final class ModelHost {
  /** How its program ended, as it told or would tell. */
  static final int LIVES = 0;

  static final int FAILED = 1;
  static final int LOST = 2;
  static final int SUCCEEDED = 3;

  private static final int EPOCH = 0;
  private static final int NUMBER = 3;
  private static final int ALIVE = 5;
  private static final int ACTS = 6;
  private static final int STEP = 9;
  private static final int FROM = 11;
  private static final int ASKS = 13;
  private static final int END = 14;
  private static final int PAST = 16;
  private static final int RUNS = 28;

  private ModelHost() {}

  static int created(int epoch, int number) {
    return epoch << EPOCH | number << NUMBER | 1 << ALIVE;
  }

  static int launchEpoch(int host) {
    return host >>> EPOCH & 7;
  }

  static int launchNumber(int host) {
    return host >>> NUMBER & 3;
  }

  static boolean isAlive(int host) {
    return (host >>> ALIVE & 1) == 1;
  }

  static int dead(int host) {
    return host & ~(1 << ALIVE);
  }

  /** The epoch in which it acts, or acted last; 0 when it never got an answer to a register. */
  static int epoch(int host) {
    return host >>> ACTS & 7;
  }

  static int step(int host) {
    return host >>> STEP & 3;
  }

  /** The step it resumed from; 0 when fresh. */
  static int from(int host) {
    return host >>> FROM & 3;
  }

  /** True while it asks for the next epoch: its program is gone and it starts no other. */
  static boolean asks(int host) {
    return (host >>> ASKS & 1) == 1;
  }

  static int asking(int host) {
    return host & ~(1 << RUNS) | 1 << ASKS;
  }

  static int end(int host) {
    return host >>> END & 3;
  }

  static int ended(int host, int how) {
    return dead(host) | how << END;
  }

  /** The highest step reached in an epoch, or -1 when it never acted in that one. */
  static int reached(int host, int epoch) {
    return (host >>> PAST + 2 * epoch & 3) - 1;
  }

  /** It starts in an epoch, or anew there after a condemn, from a step. */
  static int acting(int host, int epoch, int from) {
    int cleared = host & ~(7 << ACTS | 3 << STEP | 3 << FROM | 1 << ASKS | 1 << RUNS);
    return reached(cleared | epoch << ACTS | from << STEP | from << FROM, epoch, from);
  }

  /** True once its program runs; before that it restores. */
  static boolean runs(int host) {
    return (host >>> RUNS & 1) == 1;
  }

  static int running(int host) {
    return host | 1 << RUNS;
  }

  static int trained(int host) {
    int step = step(host) + 1;
    return reached(host & ~(3 << STEP) | step << STEP, epoch(host), step);
  }

  private static int reached(int host, int epoch, int step) {
    int at = PAST + 2 * epoch;
    return host & ~(3 << at) | step + 1 << at;
  }

  /** It acts: an answer gave it an epoch, and it has not ended. */
  static boolean isActing(int host) {
    return isAlive(host) && epoch(host) > 0;
  }
}
