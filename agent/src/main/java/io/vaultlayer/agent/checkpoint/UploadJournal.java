package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * How far the upload of a snapshot has come, for an agent that is started again: lines in a file
 * beside the snapshot, which goes when the snapshot goes.
 *
 * <p>A part's digest is noted before the part is sent, under the upload that it belongs to. That
 * says what the store may have, not that it has it: the store's own list says that. So nothing is
 * concluded from a line that is missing, and no line has to be forced to the disk; one that is torn
 * or damaged is left out by its checksum. A journal that cannot be written ends, and what would
 * have been in it is sent again.
 */
final class UploadJournal implements AutoCloseable {
  /** For 75,000 parts, which are 1.2 TB, or for 12,000 files; what comes later is sent again. */
  static final long MOST_BYTES = 4L << 20;

  /** So much of it may be lost with the agent: some thirty files. */
  private static final int WAITING = 8 << 10;

  private static final String NAME = "upload.journal";
  private static final int CHECKSUM = 8;
  private static final int HEX = 16;

  /** A part that two different contents were sent as: nobody knows which of them is there. */
  private static final Digest.Part UNCERTAIN = new Digest.Part(-1, -1, -1);

  private final Optional<Path> file;
  private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
  private FileChannel channel;
  private int opened;
  private boolean over;

  private UploadJournal(Optional<Path> file) {
    this.file = file;
    this.over = file.isEmpty();
  }

  /** The journal of the snapshot in this directory. */
  static UploadJournal in(Path directory) {
    return new UploadJournal(Optional.of(directory.resolve(NAME)));
  }

  /** Notes nothing: for what nobody would go on with. */
  static UploadJournal none() {
    return new UploadJournal(Optional.empty());
  }

  /**
   * An upload in parts.
   *
   * @param number of this upload in the journal, from 0
   * @param path of the file, as the manifest will say it
   * @param partBytes of every part but the last
   */
  record Opened(int number, String path, String key, String id, long partBytes) {}

  /** An upload that was not seen to end, with what was sent as each part. */
  record Begun(Opened upload, Map<Integer, Digest.Part> sent) {}

  /**
   * What an agent before this one has left.
   *
   * @param stored files that are in the bucket, by path
   * @param begun uploads in parts of other files, by path
   */
  record Left(Map<String, Manifest.File> stored, Map<String, Begun> begun) {
    static final Left NOTHING = new Left(Map.of(), Map.of());
  }

  /** May be written a little later: thousands of small files are stored in a second. */
  synchronized void stored(Manifest.File one) {
    append("S " + Json.render(one), false);
  }

  /**
   * @return the upload's number, for {@link #sending}
   */
  synchronized int opened(String path, String key, String id, long partBytes) {
    var upload = new Opened(opened++, path, key, id, partBytes);
    append("U " + Json.render(upload), true);
    return upload.number();
  }

  synchronized void sending(int upload, int number, Digest.Part part) {
    append(
        "P "
            + upload
            + ' '
            + number
            + ' '
            + part.bytes()
            + ' '
            + Long.toHexString(part.crc32())
            + ' '
            + Long.toHexString(part.crc32c()),
        true);
  }

  /** What is in it now; call it before anything is noted. Nothing where it cannot be read. */
  synchronized Left read() {
    if (over || !Files.exists(file.get())) {
      return Left.NOTHING;
    }
    var stored = new HashMap<String, Manifest.File>();
    var uploads = new HashMap<Integer, Begun>();
    try (BufferedReader lines = Files.newBufferedReader(file.get(), StandardCharsets.ISO_8859_1)) {
      if (Files.size(file.get()) > MOST_BYTES + (MOST_BYTES >> 1)) {
        return Left.NOTHING; // not written by us
      }
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        whole(line).ifPresent(content -> take(content, stored, uploads));
      }
    } catch (IOException e) {
      return Left.NOTHING;
    }
    var begun = new HashMap<String, Begun>();
    uploads.values().stream()
        .sorted((a, b) -> Integer.compare(a.upload().number(), b.upload().number()))
        .forEach(one -> begun.put(one.upload().path(), one));
    begun.keySet().removeAll(stored.keySet());
    return new Left(Map.copyOf(stored), Map.copyOf(begun));
  }

  @Override
  public synchronized void close() {
    write();
    over = true;
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // What was noted is noted; no more is.
    }
    channel = null;
  }

  private void append(String content, boolean now) {
    if (over) {
      return;
    }
    byte[] text = content.getBytes(StandardCharsets.UTF_8);
    waiting.writeBytes((checksum(text) + ' ').getBytes(StandardCharsets.US_ASCII));
    waiting.writeBytes(text);
    waiting.write('\n');
    if (now || waiting.size() >= WAITING) {
      write();
    }
  }

  /** Writes what waits; where that fails, this was the end of the journal. */
  private void write() {
    if (over || waiting.size() == 0) {
      return;
    }
    try {
      if (channel == null) {
        channel =
            FileChannel.open(
                file.orElseThrow(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        // The last line of an agent before us may be torn.
        write(new byte[] {'\n'});
      }
      if (channel.size() + waiting.size() > MOST_BYTES) {
        over = true;
      } else {
        write(waiting.toByteArray());
      }
    } catch (IOException e) {
      over = true;
    }
    waiting.reset();
  }

  private void write(byte[] bytes) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(bytes);
    while (left.hasRemaining()) {
      channel.write(left);
    }
  }

  private void take(
      String content, Map<String, Manifest.File> stored, Map<Integer, Begun> uploads) {
    try {
      switch (content.charAt(0)) {
        case 'S' -> {
          var one = Json.parse(content.substring(2), Manifest.File.class);
          stored.put(one.path(), one);
        }
        case 'U' -> {
          var one = Json.parse(content.substring(2), Opened.class);
          uploads.put(one.number(), new Begun(one, new HashMap<>()));
          opened = Math.max(opened, one.number() + 1);
        }
        case 'P' -> {
          String[] words = content.split(" ");
          Begun begun = uploads.get(Integer.parseInt(words[1]));
          if (begun != null) {
            var part =
                new Digest.Part(
                    Long.parseLong(words[3]),
                    Long.parseLong(words[4], HEX),
                    Long.parseLong(words[5], HEX));
            begun
                .sent()
                .merge(
                    Integer.parseInt(words[2]),
                    part,
                    (before, now) -> before.equals(now) ? now : UNCERTAIN);
          }
        }
        default -> {}
      }
    } catch (RuntimeException e) {
      // Whole, and of another version: what it says is sent again.
    }
  }

  /** A line's content; empty where the line is torn or damaged. */
  private static Optional<String> whole(String line) {
    if (line.length() < CHECKSUM + 3 || line.charAt(CHECKSUM) != ' ') {
      return Optional.empty();
    }
    byte[] text = line.substring(CHECKSUM + 1).getBytes(StandardCharsets.ISO_8859_1);
    return checksum(text).equals(line.substring(0, CHECKSUM))
        ? Optional.of(new String(text, StandardCharsets.UTF_8))
        : Optional.empty();
  }

  private static String checksum(byte[] text) {
    var crc = new CRC32();
    crc.update(text);
    return Hex.crc(crc.getValue());
  }
}
