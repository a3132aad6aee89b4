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
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** The few calls of the C library that the agent needs, on 64-bit Linux. */
final class Libc {
  static final int SIGKILL = 9;
  static final int SIGTERM = 15;
  static final int SIGCONT = 18;
  static final int SIGSTOP = 19;

  private static final int WNOHANG = 1;
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int PRIO_PROCESS = 0;
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

  /**
   * One shape for all. Each shape that the linker has not seen costs the start some ten
   * milliseconds, and on 64-bit Linux an int or a pointer travels in the register of a long: the
   * function reads the low half of it, and none of those that it does not take. prctl is variadic;
   * to be called as such changes nothing for the others.
   */
  private static final FunctionDescriptor SIX_LONGS =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private static final int MOST_ARGUMENTS = 6;
  private static final Linker.Option VARIADIC = Linker.Option.firstVariadicArg(1);

  private static final MethodHandle KILL = bind("kill");
  private static final MethodHandle WAITPID = bind("waitpid");
  private static final MethodHandle KLOGCTL = bind("klogctl");
  private static final MethodHandle PRCTL = bind("prctl");
  private static final MethodHandle SETPRIORITY = bind("setpriority");
  private static final MethodHandle SPAWN = bind("posix_spawn");
  private static final MethodHandle ACTIONS_INIT = bind("posix_spawn_file_actions_init");
  private static final MethodHandle ACTIONS_DESTROY = bind("posix_spawn_file_actions_destroy");
  private static final MethodHandle ACTIONS_CLOSE = bind("posix_spawn_file_actions_addclose");
  private static final MethodHandle ACTIONS_CHDIR = bind("posix_spawn_file_actions_addchdir_np");
  private static final MethodHandle ACTIONS_OPEN = bind("posix_spawn_file_actions_addopen");
  private static final MethodHandle ATTR_INIT = bind("posix_spawnattr_init");
  private static final MethodHandle ATTR_DESTROY = bind("posix_spawnattr_destroy");
  private static final MethodHandle ATTR_FLAGS = bind("posix_spawnattr_setflags");
  private static final MethodHandle ATTR_DEFAULTS = bind("posix_spawnattr_setsigdefault");
  private static final MethodHandle ATTR_MASK = bind("posix_spawnattr_setsigmask");
  private static final MethodHandle MADVISE = bind("madvise");
  private static final MethodHandle MUNMAP = bind("munmap");
  private static final MethodHandle SIGFILLSET = bind("sigfillset");
  private static final MethodHandle SIGEMPTYSET = bind("sigemptyset");

  private Libc() {}

  /** Sends a signal to a process, or with a negative number to a group. False: it is not there. */
  static boolean kill(int pid, int signal) {
    if (pid == 0 || pid == -1) {
      throw new IllegalArgumentException("signal to " + pid + " would reach strangers");
    }
    return call(KILL, pid, signal) == 0;
  }

  /** Orphans of our children become our own children, so that none can slip out of the tree. */
  static void adoptOrphans() {
    call(PRCTL, PR_SET_CHILD_SUBREAPER, 1);
  }

  /** Of the calling thread alone: on Linux each has its own. A refusal changes nothing. */
  static void nice(int value) {
    call(SETPRIORITY, PRIO_PROCESS, 0, value);
  }

  /** A hint of how pages will be used; a refusal changes nothing. */
  static void advise(long address, long bytes, int advice) {
    call(MADVISE, address, bytes, advice);
  }

  static void unmap(long address, long bytes) {
    call(MUNMAP, address, bytes);
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
        int result = call(WAITPID, pid, status.address(), options);
        if (result == pid) {
          return OptionalInt.of(status.get(JAVA_INT, 0));
        }
        if (options != 0 || !Files.exists(Path.of("/proc/" + pid))) {
          return OptionalInt.empty();
        }
      }
      return OptionalInt.empty();
    }
  }

  /** The kernel's log, or "" where it may not be read. */
  static String kernelLog() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(KERNEL_LOG_BYTES);
      int length = call(KLOGCTL, SYSLOG_ACTION_READ_ALL, text.address(), KERNEL_LOG_BYTES);
      if (length <= 0) {
        return "";
      }
      return new String(
          text.asSlice(0, length).toArray(JAVA_BYTE), java.nio.charset.StandardCharsets.UTF_8);
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
      long actions = arena.allocate(OPAQUE_BYTES, 16).address();
      long attributes = arena.allocate(OPAQUE_BYTES, 16).address();
      long signals = arena.allocate(OPAQUE_BYTES, 16).address();
      MemorySegment pid = arena.allocate(JAVA_INT);
      must(call(ACTIONS_INIT, actions));
      must(call(ATTR_INIT, attributes));
      long file = text(arena, output.toString());
      must(call(ACTIONS_CHDIR, actions, text(arena, directory.toString())));
      must(call(ACTIONS_OPEN, actions, 0, text(arena, "/dev/null"), 0, 0));
      must(call(ACTIONS_OPEN, actions, 1, file, O_WRONLY_CREAT_APPEND, 0600));
      must(call(ACTIONS_OPEN, actions, 2, file, O_WRONLY_CREAT_APPEND, 0600));
      for (int descriptor : openDescriptors()) {
        must(call(ACTIONS_CLOSE, actions, descriptor));
      }
      must(call(ATTR_FLAGS, attributes, SPAWN_FLAGS));
      must(call(SIGEMPTYSET, signals));
      must(call(ATTR_MASK, attributes, signals));
      must(call(SIGFILLSET, signals));
      must(call(ATTR_DEFAULTS, attributes, signals));
      int error =
          call(
              SPAWN,
              pid.address(),
              text(arena, program),
              actions,
              attributes,
              strings(arena, argv),
              strings(arena, environment));
      must(call(ACTIONS_DESTROY, actions));
      must(call(ATTR_DESTROY, attributes));
      return error == 0 ? pid.get(JAVA_INT, 0) : -error;
    } catch (IOException e) {
      throw new IllegalStateException(e);
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

  private static long text(Arena arena, String value) {
    return arena.allocateFrom(value).address();
  }

  /** The C array of the strings' addresses, ended by a null. */
  private static long strings(Arena arena, List<String> values) {
    MemorySegment array = arena.allocate(ADDRESS, values.size() + 1L);
    for (int i = 0; i < values.size(); i++) {
      array.setAtIndex(ADDRESS, i, arena.allocateFrom(values.get(i)));
    }
    return array.address();
  }

  private static void must(int error) {
    if (error != 0) {
      throw new IllegalStateException("preparing a process: error " + error);
    }
  }

  /** Every argument is an int, or an address in an arena that is still open. */
  private static int call(MethodHandle function, long... arguments) {
    long[] a = Arrays.copyOf(arguments, MOST_ARGUMENTS);
    try {
      return (int) function.invokeExact(a[0], a[1], a[2], a[3], a[4], a[5]);
    } catch (Throwable t) {
      // A downcall throws nothing of its own; what comes is the JVM's.
      if (t instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(t);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle bind(String name) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().find(name).orElseThrow(), SIX_LONGS, VARIADIC);
  }
}
