package io.vaultlayer.agent.s3;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * One connection to a store. Calls block, but never longer than a store may be silent: a store that
 * neither takes nor gives anything for so long ends them with an IOException.
 */
interface Wire extends Closeable {
  int CONNECT_MILLIS = 5_000;

  int INPUT_BYTES = 16 << 10;

  /** Sends all that remains in the buffer. */
  void write(ByteBuffer bytes) throws IOException;

  /** Reads at least one byte, or returns -1 at the end. */
  int read(ByteBuffer into) throws IOException;

  /** From now on silence is waited for no longer than this. */
  void hurry(int silenceMillis) throws IOException;

  /** What was read and not taken yet, between two answers nothing. */
  ByteBuffer input();

  /** Whether the other side has ended or spoken while nothing was asked. */
  boolean isStale();

  @Override
  void close();

  /** Where a wire leads; equal ones may share their connections. */
  record Target(boolean secure, String host, int port) {
    static Target of(String scheme, String host, int port) {
      boolean secure = scheme.toLowerCase(Locale.ROOT).equals("https");
      return new Target(secure, host, port > 0 ? port : secure ? 443 : 80);
    }
  }

  /** Connects; every address of the name is tried. */
  static Wire open(Target target, int silenceMillis, Stop stop) throws IOException {
    IOException last = null;
    for (InetAddress address : InetAddress.getAllByName(target.host())) {
      try {
        var to = new InetSocketAddress(address, target.port());
        return target.secure()
            ? TlsWire.open(to, target.host(), silenceMillis)
            : new PlainWire(to, silenceMillis, stop);
      } catch (SocketTimeoutException | java.net.ConnectException e) {
        last = e;
      }
    }
    throw last == null ? new IOException("no address for " + target.host()) : last;
  }
}
