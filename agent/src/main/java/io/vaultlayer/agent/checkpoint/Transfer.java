package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Files of one kind on their way: a crew that sends, and the memory that they travel in. Small
 * files are each read and sent by one of the crew; large ones are read one after the other by the
 * caller, while the crew sends what was read.
 */
final class Transfer implements AutoCloseable {
  /** Hears of every file that is stored; on any thread. */
  interface Stored {
    void stored(Sender.Item item, Manifest.File file, Digest.Whole digest);
  }

  /** The file's upload in parts, which outlives a try. */
  interface Uploads {
    /** Begun by us, or by an agent before us. */
    Optional<PartUpload> begun(Sender.Item item) throws IOException;

    PartUpload begin(Sender.Item item, String key);

    void ended(Sender.Item item);
  }

  private final Sender sender;
  private final Known known;
  private final Stored stored;
  private final Uploads uploads;
  private final Crew crew;
  private final Blocks blocks;

  Transfer(
      Sender sender,
      Known known,
      Stored stored,
      Uploads uploads,
      List<Sender.Item> items,
      int threads) {
    this.sender = sender;
    this.known = known;
    this.stored = stored;
    this.uploads = uploads;
    long piece = items.stream().mapToLong(sender::pieceBytes).max().orElse(1);
    int most = Math.min(threads, items.size());
    boolean inParts = items.stream().anyMatch(sender::inParts);
    this.crew = new Crew(inParts ? threads : most);
    this.blocks = new Blocks(inParts ? threads : most + 1, piece);
  }

  boolean hasFailed() {
    return crew.hasFailed();
  }

  /** Waits for a free one of the crew, not for the file. */
  void small(Sender.Item item) throws IOException {
    crew.start(() -> {
      ByteBuffer block = blocks.take();
      try {
        Digest.Whole digest = sender.read(item, block);
        stored.stored(item, sender.put(item, block, digest, known), digest);
      } finally {
        blocks.giveBack(block);
      }
    });
  }

  /** Reads the file before it returns; what was read may still be on its way. */
  void large(Sender.Item item) throws IOException {
    if (sender.inParts(item)) {
      parts(item);
      return;
    }
    filled(
        block -> sender.read(item, block),
        (block, digest) -> stored.stored(item, sender.put(item, block, digest, known), digest));
  }

  /** Waits until everything is stored. */
  void finish() throws IOException {
    crew.finish();
  }

  @Override
  public void close() {
    if (crew.end()) {
      blocks.close();
    }
  }

  private interface Fill<T> {
    T fill(ByteBuffer block) throws IOException;
  }

  private interface Send<T> {
    void send(ByteBuffer block, T filled) throws IOException;
  }

  /** Fills a block here and has the crew send it; the block is given back whatever happens. */
  private <T> void filled(Fill<T> fill, Send<T> send) throws IOException {
    ByteBuffer block = blocks.take();
    T filled;
    try {
      filled = fill.fill(block);
    } catch (IOException | RuntimeException e) {
      blocks.giveBack(block);
      throw e;
    }
    if (filled == null) {
      blocks.giveBack(block);
      return;
    }
    crew.start(() -> send.send(block, filled), () -> blocks.giveBack(block));
  }

  private void parts(Sender.Item item) throws IOException {
    Optional<Known.Parts> earlier = known.parts(item.name(), item.bytes());
    if (earlier.isEmpty() && known.mayHave(item.path(), item.bytes())) {
      // Restored here, or by an agent before us: only its digest says whether it is the same.
      Digest.Whole digest = digest(item);
      Optional<Manifest.File> same = known.find(item.path(), digest.sha256(), item.bytes());
      if (same.isPresent()) {
        stored.stored(item, Sender.file(item, same.get().key(), digest), digest);
        return;
      }
    }
    Optional<PartUpload> begun = uploads.begun(item).filter(one -> !one.isSpent());
    if (begun.isEmpty()) {
      Optional<String> key =
          sender.freePlace(
              item,
              there -> {
                Digest.Whole digest = digest(item);
                boolean holds = sender.holds(there, item.bytes(), digest.sha256());
                if (holds) {
                  stored.stored(item, Sender.file(item, there, digest), digest);
                }
                return holds;
              });
      if (key.isEmpty()) {
        return;
      }
      begun = Optional.of(uploads.begin(item, key.get()));
    }
    new Course(item, begun.get(), earlier).run();
  }

  private Digest.Whole digest(Sender.Item item) throws IOException {
    ByteBuffer block = blocks.take();
    try {
      return sender.digest(item, block);
    } finally {
      blocks.giveBack(block);
    }
  }

  /** One reading of a file in parts. The last to be done with it makes the parts one object. */
  private final class Course {
    private final Sender.Item item;
    private final PartUpload upload;
    private final Optional<Known.Parts> earlier;
    private final AtomicInteger open = new AtomicInteger(1);
    private volatile Digest.Whole digest;

    Course(Sender.Item item, PartUpload upload, Optional<Known.Parts> earlier) {
      this.item = item;
      this.upload = upload;
      this.earlier = earlier;
    }

    void run() throws IOException {
      long size = sender.partBytes(item.bytes());
      var reading = new Digest();
      // Parts that are as they were, and so far nothing else was: nothing is sent yet.
      int asBefore = 0;
      boolean different = false;
      try (FileChannel file = Sender.open(item)) {
        int number = 1;
        for (long at = 0; at < item.bytes() && !crew.hasFailed(); at += size, number++) {
          ByteBuffer block = blocks.take();
          Digest.Part part;
          try {
            int length = (int) Math.min(size, item.bytes() - at);
            part = reading.read(file, at, length, block, sender.stop());
          } catch (IOException | RuntimeException e) {
            blocks.giveBack(block);
            throw e;
          }
          boolean isAsBefore = isAsBefore(number, part);
          boolean isThere = upload.has(number, part);
          // Of a part that an earlier try sent, too: else the old one would be copied over it.
          different |= !isAsBefore;
          asBefore = different ? asBefore : number;
          if (isThere || isAsBefore) {
            blocks.giveBack(block);
          } else {
            send(number, block, part);
          }
          if (different && isAsBefore && !isThere) {
            copy(number, at, part);
          }
          if (different) {
            copyUpTo(asBefore, size);
            asBefore = 0;
          }
        }
      }
      if (crew.hasFailed()) {
        return; // what is left need not be read
      }
      Sender.unchanged(item);
      digest = reading.whole();
      if (!different && isWhole(asBefore)) {
        return;
      }
      copyUpTo(asBefore, size);
      done();
    }

    /** Every part is as it was: the object that is there is named again. */
    private boolean isWhole(int asBefore) {
      Optional<Manifest.File> same = known.find(item.path(), digest.sha256(), item.bytes());
      if (asBefore == 0 || same.isEmpty()) {
        return false;
      }
      uploads.ended(item);
      stored.stored(item, Sender.file(item, same.get().key(), digest), digest);
      return true;
    }

    private boolean isAsBefore(int number, Digest.Part part) {
      return earlier.isPresent()
          && sender.copies(earlier.get().key(), upload.key())
          && number <= earlier.get().parts().size()
          && earlier.get().parts().get(number - 1).equals(part)
          && earlier.get().partBytes() == sender.partBytes(item.bytes());
    }

    private void copyUpTo(int last, long size) throws IOException {
      for (int number = 1; number <= last; number++) {
        Digest.Part part = earlier.orElseThrow().parts().get(number - 1);
        if (!upload.has(number, part)) {
          copy(number, size * (number - 1), part);
        }
      }
    }

    private void copy(int number, long at, Digest.Part part) throws IOException {
      open.incrementAndGet();
      crew.start(() -> {
        upload.copy(number, at, part, earlier.orElseThrow());
        done();
      });
    }

    private void send(int number, ByteBuffer block, Digest.Part part) throws IOException {
      open.incrementAndGet();
      crew.start(
          () -> {
            upload.send(number, block, part);
            done();
          },
          () -> blocks.giveBack(block));
    }

    private void done() throws IOException {
      if (open.decrementAndGet() == 0) {
        upload.complete(digest);
        uploads.ended(item);
        stored.stored(item, Sender.file(item, upload.key(), digest), digest);
      }
    }
  }
}
