package io.vaultlayer.agent.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A program that this process has started, in a session and process group of its own.
 *
 * @param start its start time in clock ticks since boot: with the number it is unique, the number
 *     alone is used again
 */
public record Child(int pid, long start) {
  private static final int ENOENT = 2;
  private static final int ENOEXEC = 8;
  private static final int EACCES = 13;
  private static final int ENOTDIR = 20;

  /** Children whose end somebody is going to look at; nobody else may take them off the table. */
  private static final Set<Integer> AWAITED = new HashSet<>();

  /**
   * What to start.
   *
   * @param program path of the executable; a relative one is meant from {@code directory}
   * @param output both outputs are appended to it: a file and no pipe, so that the program never
   *     waits for its reader and its last words survive the reader
   */
  public record Order(
      String program,
      List<String> argv,
      Map<String, String> environment,
      Path directory,
      Path output) {
    public Order {
      argv = List.copyOf(argv);
      environment = Map.copyOf(environment);
      if (argv.isEmpty()) {
        throw new IllegalArgumentException("a program needs at least its own name as argument");
      }
    }
  }

  /** It could not be started; the message says why in the user's words. */
  public static final class NotStarted extends Exception {
    private static final long serialVersionUID = 1L;

    NotStarted(String message) {
      super(message);
    }
  }

  /** For a name that is in no folder of the PATH. */
  public static NotStarted notFound(String program) {
    return new NotStarted(program + ": not found on the PATH");
  }

  public static Child start(Order order) throws NotStarted {
    int pid = spawn(order, order.program(), order.argv());
    if (pid == -ENOEXEC) {
      // A script without a first line that names its interpreter: what every shell does with it.
      var argv = new ArrayList<String>();
      argv.add("sh");
      argv.add(order.program());
      argv.addAll(order.argv().subList(1, order.argv().size()));
      pid = spawn(order, "/bin/sh", argv);
    }
    if (pid < 0) {
      throw new NotStarted(order.argv().getFirst() + ": " + reason(-pid));
    }
    return new Child(pid, ProcessTable.startOf(pid).orElse(0));
  }

  private static int spawn(Order order, String program, List<String> argv) {
    List<String> environment =
        order.environment().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
    synchronized (AWAITED) {
      int pid = Libc.spawn(program, argv, environment, order.directory(), order.output());
      if (pid > 0) {
        AWAITED.add(pid);
      }
      return pid;
    }
  }

  /** Takes an ended orphan off the process table, unless it is a child that is still awaited. */
  static void bury(int pid) {
    synchronized (AWAITED) {
      if (!AWAITED.contains(pid)) {
        Libc.reap(pid);
      }
    }
  }

  private static String reason(int error) {
    return switch (error) {
      case ENOENT, ENOTDIR -> "not found";
      case EACCES -> "permission denied";
      case ENOEXEC -> "not an executable";
      default -> "cannot be started (error " + error + ")";
    };
  }

  /** Blocks until it has ended. To be called once. */
  public Ending await() {
    OptionalInt status = Libc.await(pid);
    synchronized (AWAITED) {
      AWAITED.remove(pid);
    }
    return status.isPresent() ? Ending.of(status.getAsInt()) : new Ending.Unknown();
  }

  /** Ends the whole group at once. */
  public void kill() {
    Libc.kill(-pid, Libc.SIGKILL);
  }

  /** Asks the whole group to end. */
  public void terminate() {
    Libc.kill(-pid, Libc.SIGTERM);
  }
}
