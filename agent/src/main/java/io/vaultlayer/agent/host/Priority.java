package io.vaultlayer.agent.host;

/** How much of a contended CPU a thread gets. */
public final class Priority {
  /**
   * About a tenth of a core that the training wants too, and all of one that is idle. The kernel
   * derives the priority of the thread's disk reads from it.
   */
  private static final int NICE = 10;

  private Priority() {}

  /** The calling thread gives way to the training; never raised again. */
  public static void lowerThisThread() {
    Libc.nice(NICE);
  }
}
