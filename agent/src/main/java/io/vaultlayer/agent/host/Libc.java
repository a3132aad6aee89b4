package io.vaultlayer.agent.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The few calls of the C library that the agent needs. Signatures are kept to few shapes: each
 * shape costs the start some ten milliseconds.
 */
final class Libc {
  static final int SIGKILL = 9;
  static final int SIGTERM = 15;
  static final int SIGCONT = 18;
  static final int SIGSTOP = 19;

  private static final int WNOHANG = 1;
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int SYSLOG_ACTION_READ_ALL = 3;

  /** posix_spawn: default signals, empty mask, own session. */
  private static final int SPAWN_FLAGS = 0x04 | 0x08 | 0x80;

  private static final int O_WRONLY_CREAT_APPEND = 01 | 0100 | 02000;

  /** A waiting call may be interrupted by a signal; more often than this it is something else. */
  private static final int MOST_INTERRUPTS = 10_000;

  private static final int KERNEL_LOG_BYTES = 1 << 20;

  /** Larger than any libc's opaque spawn structures (glibc 336, musl 336) and its sigset (128). */
  private static final int OPAQUE_BYTES = 1024;

  private static final Linker LINKER = Linker.nativeLinker();

  private static final FunctionDescriptor INT_POINTER_INT =
      FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final FunctionDescriptor POINTER = FunctionDescriptor.of(JAVA_INT, ADDRESS);
  private static final FunctionDescriptor POINTER_INT =
      FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT);
  private static final FunctionDescriptor POINTERS =
      FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS);

  private static final MethodHandle KILL =
      bind("kill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle WAITPID = bind("waitpid", INT_POINTER_INT);
  private static final MethodHandle KLOGCTL = bind("klogctl", INT_POINTER_INT);
  private static final MethodHandle PRCTL =
      bind(
          "prctl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
          Linker.Option.firstVariadicArg(1));
  private static final MethodHandle SPAWN =
      bind(
          "posix_spawn",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
  private static final MethodHandle ACTIONS_INIT = bind("posix_spawn_file_actions_init", POINTER);
  private static final MethodHandle ACTIONS_DESTROY =
      bind("posix_spawn_file_actions_destroy", POINTER);
  private static final MethodHandle ACTIONS_CLOSE =
      bind("posix_spawn_file_actions_addclose", POINTER_INT);
  private static final MethodHandle ACTIONS_CHDIR =
      bind("posix_spawn_file_actions_addchdir_np", POINTERS);
  private static final MethodHandle ACTIONS_OPEN =
      bind(
          "posix_spawn_file_actions_addopen",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle ATTR_INIT = bind("posix_spawnattr_init", POINTER);
  private static final MethodHandle ATTR_DESTROY = bind("posix_spawnattr_destroy", POINTER);
  private static final MethodHandle ATTR_FLAGS = bind("posix_spawnattr_setflags", POINTER_INT);
  private static final MethodHandle ATTR_DEFAULTS = bind("posix_spawnattr_setsigdefault", POINTERS);
  private static final MethodHandle ATTR_MASK = bind("posix_spawnattr_setsigmask", POINTERS);
  private static final MethodHandle SIGFILLSET = bind("sigfillset", POINTER);
  private static final MethodHandle SIGEMPTYSET = bind("sigemptyset", POINTER);

  private Libc() {}

  /** Sends a signal to a process, or with a negative number to a group. False: it is not there. */
  static boolean kill(int pid, int signal) {
    if (pid == 0 || pid == -1) {
      throw new IllegalArgumentException("signal to " + pid + " would reach strangers");
    }
    try {
      return (int) KILL.invokeExact(pid, signal) == 0;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Orphans of our children become our own children, so that none can slip out of the tree. */
  static void adoptOrphans() {
    try {
      int ignored = (int) PRCTL.invokeExact(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Blocks until the child ends. Empty when it is no child of ours (any more). */
  static OptionalInt await(int pid) {
    return waitpid(pid, 0);
  }

  /** Takes an ended child off the process table; does not wait. */
  static void reap(int pid) {
    waitpid(pid, WNOHANG);
  }

  private static OptionalInt waitpid(int pid, int options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(JAVA_INT);
      for (int tries = 0; tries < MOST_INTERRUPTS; tries++) {
        int result = (int) WAITPID.invokeExact(pid, status, options);
        if (result == pid) {
          return OptionalInt.of(status.get(JAVA_INT, 0));
        }
        if (options != 0 || !Files.exists(Path.of("/proc/" + pid))) {
          return OptionalInt.empty();
        }
      }
      return OptionalInt.empty();
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** The kernel's log, or "" where it may not be read. */
  static String kernelLog() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(KERNEL_LOG_BYTES);
      int length = (int) KLOGCTL.invokeExact(SYSLOG_ACTION_READ_ALL, text, KERNEL_LOG_BYTES);
      if (length <= 0) {
        return "";
      }
      return new String(
          text.asSlice(0, length).toArray(JAVA_BYTE), java.nio.charset.StandardCharsets.UTF_8);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * Starts a program in a session of its own, standard input empty, both outputs appended to one
   * file, no other descriptor open.
   *
   * @return the process number, or the negative error number
   */
  static int spawn(
      String program, List<String> argv, List<String> environment, Path directory, Path output) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment actions = arena.allocate(OPAQUE_BYTES, 16);
      MemorySegment attributes = arena.allocate(OPAQUE_BYTES, 16);
      MemorySegment signals = arena.allocate(OPAQUE_BYTES, 16);
      MemorySegment pid = arena.allocate(JAVA_INT);
      must((int) ACTIONS_INIT.invokeExact(actions));
      must((int) ATTR_INIT.invokeExact(attributes));
      MemorySegment file = arena.allocateFrom(output.toString());
      must((int) ACTIONS_CHDIR.invokeExact(actions, arena.allocateFrom(directory.toString())));
      must((int) ACTIONS_OPEN.invokeExact(actions, 0, arena.allocateFrom("/dev/null"), 0, 0));
      must((int) ACTIONS_OPEN.invokeExact(actions, 1, file, O_WRONLY_CREAT_APPEND, 0600));
      must((int) ACTIONS_OPEN.invokeExact(actions, 2, file, O_WRONLY_CREAT_APPEND, 0600));
      for (int descriptor : openDescriptors()) {
        must((int) ACTIONS_CLOSE.invokeExact(actions, descriptor));
      }
      must((int) ATTR_FLAGS.invokeExact(attributes, SPAWN_FLAGS));
      must((int) SIGEMPTYSET.invokeExact(signals));
      must((int) ATTR_MASK.invokeExact(attributes, signals));
      must((int) SIGFILLSET.invokeExact(signals));
      must((int) ATTR_DEFAULTS.invokeExact(attributes, signals));
      int error =
          (int)
              SPAWN.invokeExact(
                  pid,
                  arena.allocateFrom(program),
                  actions,
                  attributes,
                  strings(arena, argv),
                  strings(arena, environment));
      must((int) ACTIONS_DESTROY.invokeExact(actions));
      must((int) ATTR_DESTROY.invokeExact(attributes));
      return error == 0 ? pid.get(JAVA_INT, 0) : -error;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** The JDK does not mark all its descriptors as closed on exec; a script must not hold them. */
  private static int[] openDescriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.mapToInt(fd -> Integer.parseInt(fd.getFileName().toString()))
          .filter(fd -> fd > 2)
          .toArray();
    }
  }

  private static MemorySegment strings(Arena arena, List<String> values) {
    MemorySegment array = arena.allocate(ADDRESS, values.size() + 1L);
    for (int i = 0; i < values.size(); i++) {
      array.setAtIndex(ADDRESS, i, arena.allocateFrom(values.get(i)));
    }
    return array;
  }

  private static void must(int error) {
    if (error != 0) {
      throw new IllegalStateException("preparing a process: error " + error);
    }
  }

  private static RuntimeException unexpected(Throwable t) {
    if (t instanceof Error error) {
      throw error;
    }
    return t instanceof RuntimeException e ? e : new IllegalStateException(t);
  }

  @SuppressWarnings("restricted")
  private static MethodHandle bind(
      String name, FunctionDescriptor shape, Linker.Option... options) {
    return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), shape, options);
  }
}
