package io.vaultlayer.agent.work;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.AttemptApi.Assignment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.List;

/** The user's work directory: fetched, compared with its digest, unpacked afresh for each start. */
public final class Workdir {
  private static final int BUFFER = 1 << 16;

  /** What came does not have the digest that was announced, or is no archive of ours. */
  public static final class Damaged extends Exception {
    private static final long serialVersionUID = 1L;

    Damaged(String message) {
      super(message);
    }
  }

  private final InstanceDir places;

  public Workdir(InstanceDir places) {
    this.places = places;
  }

  /**
   * Makes {@link InstanceDir#work} hold the work directory as it was submitted.
   *
   * @return links that were left out because they lead out of the directory
   * @throws io.vaultlayer.agent.s3.StoreException when it could not be fetched; try again
   * @throws IOException when the local file system refuses
   */
  public List<String> prepare(Assignment assignment, ObjectStore store)
      throws Damaged, IOException {
    Path packed = places.packedWork();
    if (!Files.exists(packed) || !digest(packed).equals(assignment.workdirSha256())) {
      fetch(assignment, store, packed);
    }
    InstanceDir.empty(places.work());
    try {
      return Unpack.into(places.work(), packed);
    } catch (Unpack.Refused | java.util.zip.ZipException | java.io.EOFException e) {
      throw new Damaged("unpacking the work directory: " + e.getMessage());
    }
  }

  private static void fetch(Assignment assignment, ObjectStore store, Path to)
      throws Damaged, IOException {
    Files.createDirectories(to.getParent());
    try (var file =
        FileChannel.open(
            to,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      store.readInto(
          (piece, at) -> write(file, piece, at),
          assignment.workdirKey(),
          0,
          assignment.workdirBytes());
    } catch (StoreException.NotThere | StoreException.WrongSize e) {
      throw new Damaged(e.getMessage());
    }
    if (!digest(to).equals(assignment.workdirSha256())) {
      Files.delete(to);
      throw new Damaged(
          "the work directory in the bucket does not have the digest it was sent with");
    }
  }

  private static void write(FileChannel file, ByteBuffer piece, long at) throws IOException {
    long to = at;
    while (piece.hasRemaining()) {
      to += file.write(piece, to);
    }
  }

  private static String digest(Path file) throws IOException {
    MessageDigest sha256 = Hex.newSha256();
    byte[] buffer = new byte[BUFFER];
    try (var in = Files.newInputStream(file)) {
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        sha256.update(buffer, 0, got);
      }
    }
    return Hex.of(sha256.digest());
  }
}
