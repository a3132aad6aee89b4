package io.vaultlayer.bench.sim;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.testkit.fake.MemoryBucket;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A checkpoint as its bytes: data files, then the manifest. */
record Checkpoint(long step, Manifest manifest, List<Stored> objects) {
  /** One object to store; the manifest is the last. */
  record Stored(String key, byte[] body) {}

  /** What a restore found, every digest verified. */
  record Read(long step, long state, Manifest manifest) {}

  private static final String UNCHANGED = "tokenizer.json";

  static Checkpoint make(
      String job,
      int epoch,
      long step,
      long state,
      int files,
      Optional<Manifest> earlier,
      String createdAt) {
    var prefix = BucketLayout.checkpoint(job, epoch, step);
    var objects = new ArrayList<Stored>();
    var listed = new ArrayList<Manifest.File>();
    for (int i = 0; i < files; i++) {
      var path = i == 2 ? UNCHANGED : i == 0 ? "model.bin" : "optimizer.bin";
      var known =
          i == 2
              ? earlier.flatMap(
                  m -> m.files().stream().filter(f -> f.path().equals(UNCHANGED)).findFirst())
              : Optional.<Manifest.File>empty();
      if (known.isPresent()) {
        // A file that did not change stays where an earlier checkpoint of the job put it.
        listed.add(known.get());
        continue;
      }
      var body =
          (i == 2 ? "the same for ever" : Training.text(step, state) + " part=" + i)
              .getBytes(StandardCharsets.UTF_8);
      objects.add(new Stored(prefix + path, body));
      listed.add(
          new Manifest.File(path, prefix + path, body.length, TokenHash.ofBytes(body), "00000000"));
    }
    var manifest = new Manifest(job, epoch, step, createdAt, "sim", listed, Map.of());
    objects.add(
        new Stored(
            BucketLayout.checkpointManifest(job, epoch, step),
            Json.render(manifest).getBytes(StandardCharsets.UTF_8)));
    return new Checkpoint(step, manifest, objects);
  }

  String manifestKey() {
    return objects.getLast().key();
  }

  String manifestSha256() {
    return TokenHash.ofBytes(objects.getLast().body());
  }

  long bytes() {
    return manifest.files().stream().mapToLong(Manifest.File::bytes).sum();
  }

  /** Reads as an agent does: pointer, manifest, files; empty when anything is not as told. */
  static Optional<Read> read(MemoryBucket bucket, AttemptApi.Pointer pointer) {
    var body = bucket.read(pointer.manifestKey(), Manifest.MOST_BYTES);
    if (body.isEmpty() || !TokenHash.ofBytes(body.get()).equals(pointer.manifestSha256())) {
      return Optional.empty();
    }
    var manifest = Json.parse(new String(body.get(), StandardCharsets.UTF_8), Manifest.class);
    var model = "";
    for (var file : manifest.files()) {
      var bytes = bucket.read(file.key(), Integer.MAX_VALUE);
      if (bytes.isEmpty() || !TokenHash.ofBytes(bytes.get()).equals(file.sha256())) {
        return Optional.empty();
      }
      if (file.path().equals("model.bin")) {
        model = new String(bytes.get(), StandardCharsets.UTF_8);
      }
    }
    var words = model.split("[ =]");
    return Optional.of(
        new Read(Long.parseLong(words[1]), Long.parseUnsignedLong(words[3], 16), manifest));
  }
}
