package io.vaultlayer.agent.logs;

import io.vaultlayer.agent.lease.Clocks;
import io.vaultlayer.agent.note.AgentLog;
import io.vaultlayer.agent.s3.Body;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.BucketLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/**
 * Tails the output file and puts it into the bucket piece by piece, in order, without loss and
 * without doubling: a piece is read from a fixed place of the file, created under a fixed number,
 * and only then the next one begins. One thread.
 */
public final class LogShipper {
  /**
   * Pieces go one after the other, so this over the time of one PUT is the fastest: at 100 ms, 20
   * MB/s. Twice as much would not fit into an answer of the control plane's once JSON has escaped
   * it.
   */
  static final int MOST_PIECE_BYTES = 2 << 20;

  /** What is kept of an end that there is no time to ship whole. */
  static final int TAIL_BYTES = 1 << 20;

  /** Short beats: a person watches on the same machine, and a piece costs nothing. */
  private static final int SHORT_BEAT_SECONDS = 2;

  private static final Duration SHORT_PAUSE = Duration.ofMillis(400);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration SHORT_LOOK = Duration.ofMillis(50);
  private static final Duration LONG_LOOK = Duration.ofMillis(250);

  /** A line without its end is shipped after this: prompts and progress bars have none. */
  private static final Duration LINE_PATIENCE = Duration.ofSeconds(1);

  /** Within it a tail is made to begin with a whole line. */
  private static final int LONGEST_LINE = 64 << 10;

  private static final Duration AFTER_TROUBLE = Duration.ofSeconds(1);

  /**
   * What to ship, and where to.
   *
   * @param allowed asked before each piece is started
   * @param beatSeconds current interval of the beats
   */
  public record Parts(
      String job,
      int epoch,
      Path output,
      ObjectStore store,
      BooleanSupplier allowed,
      IntSupplier beatSeconds,
      Clocks clocks,
      AgentLog log) {}

  private final Parts parts;
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread thread;
  private final Semaphore hurry = new Semaphore(0);
  private volatile boolean closing;
  private volatile boolean stopped;
  private volatile boolean tailOnly;
  private volatile long offset;
  private long sequence = 1;

  /** The piece on its way. It stays the same until it is stored: a lost answer may hide success. */
  private byte[] piece = {};

  /** Where it ends in the file. */
  private long end;

  private boolean troubled;

  public LogShipper(Parts parts) {
    this.parts = parts;
    this.thread = Thread.ofPlatform().name("logs").daemon().unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  /**
   * Ships everything that the file holds now; to be called when nobody writes any more.
   *
   * @return whether all of it is in the bucket
   */
  public boolean finish(Duration limit) throws InterruptedException {
    closing = true;
    hurry.release();
    return done.await(limit.toNanos(), TimeUnit.NANOSECONDS) && !stopped;
  }

  /** Bytes of the file that are in the bucket, or were left out. */
  public long shippedBytes() {
    return offset;
  }

  /**
   * There is no time for all that waits: of a longer rest only its end is shipped, behind a line
   * that says how much was left out. The last words are what tells why a script ended.
   */
  public void tailOnly() {
    tailOnly = true;
    hurry.release();
  }

  /** Starts no piece any more. */
  public void stop() {
    stopped = true;
    hurry.release();
  }

  private void run() {
    try {
      ship();
    } catch (InterruptedException e) {
      stopped = true;
    } catch (RuntimeException e) {
      stopped = true;
      parts.log().event("logs_ended", Map.of("message", String.valueOf(e)));
    } finally {
      done.countDown();
    }
  }

  private void ship() throws InterruptedException {
    long shippedAt = 0;
    long waitingSince = 0;
    while (!stopped) {
      boolean last = closing;
      long now = parts.clocks().monotonic();
      long waiting = size() - offset;
      if (waiting <= 0 && last) {
        return;
      }
      waitingSince = waiting <= 0 ? 0 : waitingSince == 0 ? now : waitingSince;
      boolean pausing = sequence > 1 && now - shippedAt < pause().toNanos();
      boolean due = waiting > 0 && (last || !pausing || waiting >= MOST_PIECE_BYTES);
      if (!due || !parts.allowed().getAsBoolean()) {
        rest(look());
        continue;
      }
      boolean evenHalfLines = last || now - waitingSince >= LINE_PATIENCE.toNanos();
      if (shipPiece(evenHalfLines)) {
        shippedAt = parts.clocks().monotonic();
        waitingSince = 0;
      } else {
        rest(troubled ? AFTER_TROUBLE : look());
      }
    }
  }

  private long size() {
    try {
      return Files.exists(parts.output()) ? Files.size(parts.output()) : 0;
    } catch (IOException e) {
      return offset;
    }
  }

  /** Puts one piece. False: nothing was shipped, for want of a whole line or after trouble. */
  private boolean shipPiece(boolean evenHalfLines) {
    try {
      if (piece.length == 0 && !leaveOut()) {
        piece = read(evenHalfLines);
        end = offset + piece.length;
      }
      if (piece.length == 0 || !stored()) {
        return false;
      }
      offset = end;
      piece = new byte[0];
      troubled = false;
      return true;
    } catch (StoreException.Stopped e) {
      stopped = true;
      return false;
    } catch (IOException e) {
      if (!troubled) {
        troubled = true;
        parts
            .log()
            .event("log_not_shipped", Map.of("piece", sequence, "message", "" + e.getMessage()));
      }
      return false;
    }
  }

  /** Makes the line that stands for the middle the next piece, where only the tail is wanted. */
  private boolean leaveOut() throws IOException {
    long from = size() - TAIL_BYTES;
    if (!tailOnly || from <= offset) {
      return false;
    }
    try (var channel = FileChannel.open(parts.output(), StandardOpenOption.READ)) {
      ByteBuffer look = ByteBuffer.allocate(LONGEST_LINE);
      int got = 0;
      while (got >= 0 && look.hasRemaining()) {
        got = channel.read(look, from + look.position());
      }
      from += PieceCut.afterLine(look.array(), look.position());
    }
    String told =
        "\n[vaultlayer] %d bytes of output are left out here: there was no time to store them\n"
            .formatted(from - offset);
    piece = told.getBytes(StandardCharsets.UTF_8);
    end = from;
    return true;
  }

  private boolean stored() throws IOException {
    String key = BucketLayout.log(parts.job(), parts.epoch(), sequence);
    boolean mine = true;
    try {
      parts.store().putIfAbsent(key, Body.of(piece));
    } catch (StoreException.AlreadyThere e) {
      mine = Arrays.equals(parts.store().read(key, MOST_PIECE_BYTES), piece);
      if (!mine) {
        parts.log().event("log_number_taken", Map.of("piece", sequence));
      }
    }
    sequence++;
    return mine;
  }

  private byte[] read(boolean evenHalfLines) throws IOException {
    try (var channel = FileChannel.open(parts.output(), StandardOpenOption.READ)) {
      long wanted = Math.clamp(channel.size() - offset, 0, MOST_PIECE_BYTES);
      ByteBuffer buffer = ByteBuffer.allocate((int) wanted);
      int got = 0;
      while (got >= 0 && buffer.hasRemaining()) {
        got = channel.read(buffer, offset + buffer.position());
      }
      int length = buffer.position();
      int cut = PieceCut.atLineEnd(buffer.array(), length);
      if (cut == 0 && (evenHalfLines || length == MOST_PIECE_BYTES)) {
        cut = PieceCut.atCharacter(buffer.array(), length);
        cut = cut == 0 ? length : cut;
      }
      return Arrays.copyOf(buffer.array(), cut);
    }
  }

  private Duration pause() {
    if (parts.beatSeconds().getAsInt() <= SHORT_BEAT_SECONDS) {
      return SHORT_PAUSE;
    }
    // Doubles with every piece: what a script says first is seen soon, what it repeats is cheap.
    long millis = SHORT_PAUSE.toMillis() << Math.min(sequence - 1, 4);
    return Duration.ofMillis(Math.min(millis, LONGEST_PAUSE.toMillis()));
  }

  private Duration look() {
    return parts.beatSeconds().getAsInt() <= SHORT_BEAT_SECONDS ? SHORT_LOOK : LONG_LOOK;
  }

  private void rest(Duration time) throws InterruptedException {
    if (hurry.tryAcquire(time.toNanos(), TimeUnit.NANOSECONDS)) {
      hurry.drainPermits();
    }
  }
}
