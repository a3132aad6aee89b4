package io.vaultlayer.agent.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * TLS over a blocking socket. Reads have the socket's own time limit; writes have none in Java, so
 * one that lasts too long is ended from outside by closing its socket.
 */
final class TlsWire implements Wire {
  private static final int PIECE = 32 << 10;
  private static final int LOOK_MILLIS = 1_000;
  private static final Set<TlsWire> WRITING = ConcurrentHashMap.newKeySet();
  private static Thread watch;

  private final SSLSocket socket;
  private final int silenceMillis;
  private final InputStream in;
  private final OutputStream out;
  private final ByteBuffer input = ByteBuffer.allocate(INPUT_BYTES).flip();
  private final byte[] piece = new byte[PIECE];
  private volatile long writingSince;
  private volatile boolean overdue;

  private TlsWire(SSLSocket socket, int silenceMillis) throws IOException {
    this.silenceMillis = silenceMillis;
    this.socket = socket;
    this.in = socket.getInputStream();
    this.out = socket.getOutputStream();
  }

  static TlsWire open(InetSocketAddress to, String host, int silenceMillis) throws IOException {
    return open(to, host, silenceMillis, (SSLSocketFactory) SSLSocketFactory.getDefault());
  }

  /** The certificate must be trusted by the factory and made out to the host. */
  static TlsWire open(
      InetSocketAddress to, String host, int silenceMillis, SSLSocketFactory factory)
      throws IOException {
    var plain = new Socket();
    boolean good = false;
    try {
      plain.setTcpNoDelay(true);
      plain.connect(to, CONNECT_MILLIS);
      plain.setSoTimeout(silenceMillis);
      var socket = (SSLSocket) factory.createSocket(plain, host, to.getPort(), true);
      var parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      good = true;
      return new TlsWire(socket, silenceMillis);
    } finally {
      if (!good) {
        plain.close();
      }
    }
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    watch(this);
    try {
      while (bytes.hasRemaining()) {
        int length = Math.min(piece.length, bytes.remaining());
        bytes.get(piece, 0, length);
        writingSince = System.nanoTime();
        out.write(piece, 0, length);
      }
    } catch (IOException e) {
      throw overdue ? new SocketTimeoutException("sending: nothing taken") : e;
    } finally {
      WRITING.remove(this);
    }
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int got = in.read(piece, 0, Math.min(piece.length, into.remaining()));
    if (got > 0) {
      into.put(piece, 0, got);
    }
    return got;
  }

  /** Cannot be told without reading; a request on a dead one fails before it is heard. */
  @Override
  public void hurry(int silenceMillis) throws IOException {
    socket.setSoTimeout(silenceMillis);
  }

  @Override
  public ByteBuffer input() {
    return input;
  }

  @Override
  public boolean isStale() {
    return socket.isClosed() || socket.isInputShutdown();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }

  private static synchronized void watch(TlsWire wire) {
    wire.writingSince = System.nanoTime();
    WRITING.add(wire);
    if (watch == null) {
      watch = Thread.ofPlatform().name("tls-watch").daemon().start(TlsWire::endOverdue);
    }
  }

  private static void endOverdue() {
    try {
      while (true) {
        Thread.sleep(LOOK_MILLIS);
        for (TlsWire wire : WRITING) {
          if (System.nanoTime() - wire.writingSince > wire.silenceMillis * 1_000_000L) {
            wire.overdue = true;
            wire.close();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
