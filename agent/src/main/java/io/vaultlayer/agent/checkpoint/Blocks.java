package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.host.Pages;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;

/**
 * The memory of one transfer: a few blocks of one size, outside the Java heap, given back to the
 * system when the transfer ends. Whoever wants one waits for it, so that a transfer of any size
 * takes no more than its blocks.
 */
final class Blocks implements AutoCloseable {
  /** In all; with the agent's own 80 MiB well below the 300 MiB that a host may count on. */
  static final long BUDGET = 128L << 20;

  private static final int ALIGNMENT = 64;

  /** Smaller ones are not worth a mapping of their own. */
  private static final int MAPPED_FROM = 2 << 20;

  private final Arena arena = Arena.ofShared();
  private final int bytes;
  private final Semaphore free;
  private final Deque<ByteBuffer> kept = new ArrayDeque<>();

  /**
   * @param most blocks; fewer where the budget does not allow so many, but at least two
   * @param bytes of each
   */
  Blocks(int most, long bytes) {
    this.bytes = Math.toIntExact(Math.max(1, bytes));
    this.free = new Semaphore(Math.clamp(BUDGET / this.bytes, Math.min(2, most), most));
  }

  /** Waits for a block; its limit is its capacity. */
  ByteBuffer take() throws IOException {
    try {
      free.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    synchronized (this) {
      ByteBuffer block = kept.poll();
      return block == null ? fresh().asByteBuffer() : block.clear();
    }
  }

  private MemorySegment fresh() {
    return bytes >= MAPPED_FROM ? Pages.map(bytes, arena) : arena.allocate(bytes, ALIGNMENT);
  }

  void giveBack(ByteBuffer block) {
    synchronized (this) {
      kept.push(block);
    }
    free.release();
  }

  /** Nobody may use a block any more. */
  @Override
  public void close() {
    arena.close();
  }
}
