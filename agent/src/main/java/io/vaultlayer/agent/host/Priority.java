package io.vaultlayer.agent.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much of a contended CPU a thread gets. */
public final class Priority {
  /**
   * About a tenth of a core that the training wants too, and all of one that is idle. The kernel
   * derives the priority of the thread's disk reads from it.
   */
  private static final int NICE = 10;

  /** Of /proc/self/stat, counted behind the program's name. */
  private static final int SESSION = 3;

  private Priority() {}

  /** The calling thread gives way to the training; never raised again. */
  public static void lowerThisThread() {
    Libc.nice(NICE);
  }

  /**
   * Where the kernel shares the CPU among sessions first (autogroup, on in most distributions), a
   * thread's nice counts within its session only, and the script has one of its own: so the agent's
   * gives way as a whole. Its other threads need a hundredth of the tenth that is left. Does
   * nothing in a session that somebody else leads.
   */
  public static void lowerOwnSession() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      if (Long.parseLong(fields[SESSION]) == ProcessHandle.current().pid()) {
        Files.writeString(Path.of("/proc/self/autogroup"), Integer.toString(NICE));
      }
    } catch (IOException e) {
      // No such groups here, or not ours to set: the threads' own nice is what is left.
    }
  }
}
