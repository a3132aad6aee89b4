package io.vaultlayer.agent.s3;

import io.vaultlayer.agent.s3.Exchange.Request;
import io.vaultlayer.agent.s3.ObjectStore.Sink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/** Some bytes of an object on their way to a sink; a broken connection costs only what is left. */
final class RangedRead {
  private static final int PIECE_BYTES = 256 << 10;

  /**
   * What comes slower than it is read is let come together: a store sends some 32 KiB at a time,
   * and each would wake a thread, cost a few calls and a write. Short enough that no window fills.
   */
  private static final long GATHER_NANOS = 500_000;

  /** Of a smaller object the wait would be felt: its answer is most of what it costs. */
  private static final long GATHER_FROM = 4L << 20;

  /** One for each thread that reads; direct, so that what comes is copied once at most. */
  private static final ThreadLocal<ByteBuffer> PIECES =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(PIECE_BYTES));

  private final Tries tries;
  private final Sink sink;
  private final String key;
  private final long end;
  private final boolean gathers;
  private long at;
  private long total;

  RangedRead(Tries tries, Sink sink, String key, long offset, long bytes) {
    this.tries = tries;
    this.sink = sink;
    this.key = key;
    this.at = offset;
    this.end = offset + bytes;
    this.gathers = bytes >= GATHER_FROM;
  }

  /** The answer's body broke off or was no answer: the request may be sent again. */
  static final class Broken extends IOException {
    private static final long serialVersionUID = 1L;

    Broken(String message) {
      super(message);
    }
  }

  /**
   * @return size of the whole object
   */
  long run() throws StoreException {
    int cuts = 0;
    while (true) {
      long before = at;
      var request = Request.of("GET", key).header("range", "bytes=" + before + "-" + (end - 1));
      String trouble = tries.run("reading " + key, request, this::copy);
      if (at == end) {
        return total;
      }
      // What arrived is kept, and only a stretch without any progress counts against the bound.
      cuts = at > before ? 0 : cuts + 1;
      if (cuts >= tries.most()) {
        throw new StoreException.Unreachable("reading " + key + ": " + trouble, null);
      }
      tries.pause(cuts);
    }
  }

  /** Copies what comes and says what broke it off, if anything did. */
  private String copy(Exchange x) throws IOException {
    if (x.status() != 206 && at != 0) {
      throw new StoreException.Refused("reading " + key + ": the store does not serve ranges");
    }
    total = total(x);
    if (total < end) {
      throw new StoreException.WrongSize("reading " + key + ": it ends at byte " + total);
    }
    ByteBuffer piece = PIECES.get();
    try {
      while (at < end) {
        piece.clear().limit((int) Math.min(piece.capacity(), end - at));
        readSome(x, piece);
        while (gathers && piece.hasRemaining()) {
          LockSupport.parkNanos(GATHER_NANOS);
          readSome(x, piece);
        }
        write(piece.flip());
      }
      if (x.status() != 206) {
        x.cut();
      }
    } catch (Broken e) {
      x.cut();
      return e.getMessage();
    }
    return "";
  }

  private void write(ByteBuffer piece) throws StoreException {
    int length = piece.remaining();
    try {
      sink.write(piece, at);
    } catch (IOException e) {
      throw new StoreException.SourceBroken("keeping what " + key + " holds: " + e.getMessage(), e);
    }
    at += length;
  }

  private static void readSome(Exchange x, ByteBuffer into) throws IOException {
    int got;
    try {
      got = x.read(into);
    } catch (StoreException e) {
      throw e;
    } catch (IOException e) {
      throw new Broken("the connection broke while the object was read");
    }
    if (got < 0) {
      throw new Broken("the object broke off");
    }
  }

  private static long total(Exchange x) throws Broken {
    return x.header("content-range")
        .map(range -> range.substring(range.indexOf('/') + 1))
        .or(() -> x.header("content-length"))
        .filter(text -> !text.isEmpty() && text.chars().allMatch(Character::isDigit))
        .map(Long::parseLong)
        .orElseThrow(() -> new Broken("an answer without a length"));
  }
}
