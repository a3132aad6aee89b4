package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Stores what a script left in its output directory, manifest last. */
public final class OutputsUploader {
  /** Where the manifest is, and the SHA-256 of its bytes in hex. */
  public record Stored(String manifestKey, String manifestSha256, long bytes, int files) {}

  private final ObjectStore store;
  private final Sender sender;
  private final InstantSource clock;

  public OutputsUploader(ObjectStore store, Stop stop) {
    this(store, stop, InstantSource.system());
  }

  /**
   * @param clock dates the manifest
   */
  public OutputsUploader(ObjectStore store, Stop stop, InstantSource clock) {
    this.store = store;
    this.sender = new Sender(store, stop);
    this.clock = clock;
  }

  /**
   * Uploads every file below a directory and then the manifest; an absent or empty directory gives
   * a manifest without files. Links are left out. Calling it again after a failure goes on where it
   * stopped: what is stored already is compared and not sent.
   *
   * @throws io.vaultlayer.agent.s3.StoreException when the bucket refuses or is not reached
   * @throws IOException when a file cannot be read or stored, or there are too many; the message
   *     says which
   */
  public Stored upload(String job, int epoch, Path directory) throws IOException {
    List<String> names = Tree.names(directory, Manifest.MOST_FILES);
    Tree tree = Tree.of(directory, names, Manifest.MOST_FILES);
    check(directory, tree);
    String prefix = BucketLayout.outputs(job, epoch);
    var files =
        new FileSet(directory, tree, prefix, "", UploadJournal.none()).send(sender, Known.NOTHING);
    String key = BucketLayout.outputsManifest(job, epoch);
    var manifest =
        new Manifest(job, epoch, null, clock.instant().toString(), "unknown", files, Map.of());
    byte[] content = FileSet.render(manifest);
    FileSet.Written written =
        sender.sendManifest(key, content)
            ? FileSet.Written.of(content, manifest)
            : earlier(key, manifest);
    return new Stored(key, written.sha256(), written.bytes(), files.size());
  }

  private static void check(Path directory, Tree tree) throws IOException {
    if (tree.problem().isPresent()) {
      throw new IOException("the outputs in " + directory + " have " + tree.problem().get());
    }
    for (Tree.Entry file : tree.files()) {
      Optional<String> problem = Gate.nameProblem(file.path());
      if (problem.isPresent()) {
        throw new IOException("output " + Gate.shown(file.path()) + ": " + problem.get());
      }
    }
  }

  /** An earlier call got as far as the manifest; it holds if it describes the same files. */
  private FileSet.Written earlier(String key, Manifest mine) throws IOException {
    byte[] there = store.read(key, Manifest.MOST_BYTES);
    try {
      Manifest other = Json.parse(new String(there, StandardCharsets.UTF_8), Manifest.class);
      if (FileSet.sameFiles(mine, other)) {
        return FileSet.Written.of(there, other);
      }
    } catch (Json.MalformedJson e) {
      // Not ours, then; said below.
    }
    throw new IOException("other outputs of this attempt are stored already");
  }
}
