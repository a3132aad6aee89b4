package io.vaultlayer.agent.s3;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * Plain TCP over a channel: direct buffers go to the kernel and come from it without a copy, and a
 * write ends when nobody takes it, which a blocking socket's never does.
 */
final class PlainWire implements Wire {
  /** How soon a wait notices the stop. */
  private static final int LOOK_MILLIS = 500;

  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final Stop stop;
  private int silenceMillis;
  private final ByteBuffer input = ByteBuffer.allocateDirect(INPUT_BYTES).flip();

  PlainWire(InetSocketAddress to, int silenceMillis, Stop stop) throws IOException {
    this.silenceMillis = silenceMillis;
    this.stop = stop;
    this.channel = SocketChannel.open();
    this.selector = Selector.open();
    boolean good = false;
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      boolean connected = channel.connect(to);
      this.key = channel.register(selector, 0);
      if (!connected) {
        await(SelectionKey.OP_CONNECT, CONNECT_MILLIS, "connecting to " + to.getHostString());
        channel.finishConnect();
      }
      good = true;
    } finally {
      if (!good) {
        close();
      }
    }
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.write(bytes) == 0) {
        await(SelectionKey.OP_WRITE, silenceMillis, "sending");
      }
    }
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int got = channel.read(into);
    while (got == 0) {
      await(SelectionKey.OP_READ, silenceMillis, "waiting for an answer");
      got = channel.read(into);
    }
    return got;
  }

  @Override
  public void hurry(int silenceMillis) {
    this.silenceMillis = silenceMillis;
  }

  @Override
  public ByteBuffer input() {
    return input;
  }

  @Override
  public boolean isStale() {
    try {
      return channel.read(ByteBuffer.allocate(1)) != 0;
    } catch (IOException e) {
      return true;
    }
  }

  private void await(int event, int patienceMillis, String doing) throws IOException {
    key.interestOps(event);
    long end = System.nanoTime() + patienceMillis * 1_000_000L;
    while (true) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new SocketTimeoutException(doing + ": nothing for " + patienceMillis / 1000 + " s");
      }
      int ready = selector.select(Math.min(left, LOOK_MILLIS));
      selector.selectedKeys().clear();
      if (ready > 0) {
        return;
      }
      stop.check();
      if (Thread.currentThread().isInterrupted()) {
        throw new java.io.InterruptedIOException(doing + ": interrupted");
      }
    }
  }

  @Override
  public void close() {
    try (selector;
        channel) {
      // Both in any case.
    } catch (IOException e) {
      // It is gone either way.
    }
  }
}
