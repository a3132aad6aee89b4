package io.vaultlayer.agent.host;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Memory straight from the kernel, in large pages where it has them: nobody fills it with zeros a
 * second time, a page fault brings 2 MiB and not 4 KiB, and all of it goes back at once. Such a
 * fault takes two microseconds in a virtual machine, which is half a second for each GiB.
 */
public final class Pages {
  private static final long LARGE = 2L << 20;
  private static final int PROT_READ_WRITE = 0x1 | 0x2;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
  private static final int MADV_HUGEPAGE = 14;

  /**
   * Its answer is an address, so it has a shape of its own; it is bound with the first transfer.
   */
  private static final MethodHandle MMAP = bind();

  private Pages() {}

  /**
   * @param arena gives the memory back when it is closed
   * @throws OutOfMemoryError when the kernel has none
   */
  @SuppressWarnings("restricted")
  public static MemorySegment map(long bytes, Arena arena) {
    // Some more, so that a large page can begin within it; what is not touched takes no memory.
    long all = bytes + LARGE;
    long address = mmap(all);
    if (address < 0 && address > -4096) {
      throw new OutOfMemoryError("no " + bytes + " bytes outside the heap");
    }
    long begin = (address + LARGE - 1) / LARGE * LARGE;
    Libc.advise(begin, bytes, MADV_HUGEPAGE);
    return MemorySegment.ofAddress(begin).reinterpret(bytes, arena, _ -> Libc.unmap(address, all));
  }

  private static long mmap(long bytes) {
    try {
      return (long) MMAP.invokeExact(0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
    } catch (Throwable t) {
      // A downcall throws nothing of its own; what comes is the JVM's.
      if (t instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(t);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle bind() {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().find("mmap").orElseThrow(),
        FunctionDescriptor.of(
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  }
}
