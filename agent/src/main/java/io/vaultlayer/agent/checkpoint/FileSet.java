package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The files of one manifest on their way under one prefix. What was stored is remembered, so that a
 * second run after a failure sends only the rest; by the journal also where it is another agent's.
 */
final class FileSet {
  /** How a manifest without files renders them; a quote inside a value would be escaped. */
  private static final String NO_FILES = "\"files\":[]";

  private final Path root;
  private final Tree tree;
  private final String prefix;

  /** Leading part of the paths that the keys leave out, such as {@code checkpoint-800/}. */
  private final String cut;

  private final UploadJournal journal;

  /** Of an agent before us. */
  private final Map<String, Manifest.File> storedBefore;

  private final Map<String, UploadJournal.Begun> begunBefore;
  private final Map<String, Manifest.File> stored = new HashMap<>();
  private final Map<String, Known.Parts> parts = new HashMap<>();
  private final Map<String, PartUpload> begun = new HashMap<>();

  FileSet(Path root, Tree tree, String prefix, String cut, UploadJournal journal) {
    this.root = root;
    this.tree = tree;
    this.prefix = prefix;
    this.cut = cut;
    this.journal = journal;
    UploadJournal.Left left = journal.read();
    this.storedBefore = left.stored();
    this.begunBefore = new HashMap<>(left.begun());
  }

  /** A manifest as it is stored, and what a commit says of it. */
  record Written(String sha256, Manifest manifest) {

    /** One that lies in the bucket already. */
    static Written of(byte[] content, Manifest manifest) {
      return new Written(Hex.of(Hex.sha256(content)), manifest);
    }

    long bytes() {
      return manifest.files().stream().mapToLong(Manifest.File::bytes).sum();
    }
  }

  /**
   * A manifest's bytes: one line. File by file, because all of them at once as text, as characters
   * and as bytes would be the largest thing in the agent's heap.
   *
   * @throws IOException when it is too large
   */
  static byte[] render(Manifest manifest) throws IOException {
    var bare =
        new Manifest(
            manifest.job(),
            manifest.epoch(),
            manifest.step(),
            manifest.createdAt(),
            manifest.framework(),
            List.of(),
            manifest.health());
    String frame = Json.render(bare);
    int at = frame.indexOf(NO_FILES) + NO_FILES.length() - 1;
    var out = new ByteArrayOutputStream();
    out.writeBytes(frame.substring(0, at).getBytes(StandardCharsets.UTF_8));
    String separator = "";
    for (Manifest.File file : manifest.files()) {
      out.writeBytes((separator + Json.render(file)).getBytes(StandardCharsets.UTF_8));
      separator = ",";
      if (out.size() > Manifest.MOST_BYTES) {
        throw new IOException("the manifest has more than " + Manifest.MOST_BYTES + " bytes");
      }
    }
    out.writeBytes(frame.substring(at).getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }

  /**
   * Stores every file, small ones several at a time, and returns them in the tree's order.
   *
   * @param newest files that need not be sent again
   */
  List<Manifest.File> send(Sender sender, Known newest) throws IOException {
    Known known = newest.and(storedBefore);
    var small = new ArrayList<Sender.Item>();
    var large = new ArrayList<Sender.Item>();
    for (Tree.Entry entry : tree.files()) {
      Sender.Item item = item(entry);
      if (stored(entry.path()) == null) {
        (sender.isSmall(item) ? small : large).add(item);
      }
    }
    var course = new Course(sender);
    if (!small.isEmpty()) {
      try (var transfer = new Transfer(sender, known, course, course, small, Crew.SMALL)) {
        for (Sender.Item item : small) {
          if (!transfer.hasFailed()) {
            transfer.small(item);
          }
        }
        transfer.finish();
      }
    }
    if (!large.isEmpty()) {
      try (var transfer = new Transfer(sender, known, course, course, large, Crew.LARGE)) {
        for (Sender.Item item : large) {
          if (!transfer.hasFailed()) {
            transfer.large(item);
          }
        }
        transfer.finish();
      }
    }
    return tree.files().stream().map(entry -> stored(entry.path())).toList();
  }

  /** The large files part by part, by name below the checkpoint. */
  Map<String, Known.Parts> parts() {
    synchronized (stored) {
      return Map.copyOf(parts);
    }
  }

  /** Drops what the store has of unfinished files; nobody will finish them. */
  void abandon() {
    List<PartUpload> open;
    synchronized (stored) {
      open = List.copyOf(begun.values());
      begun.clear();
    }
    open.forEach(PartUpload::abandon);
  }

  /** Notes what happens, on whichever thread. */
  private final class Course implements Transfer.Stored, Transfer.Uploads {
    private final Sender sender;

    Course(Sender sender) {
      this.sender = sender;
    }

    @Override
    public void stored(Sender.Item item, Manifest.File file, Digest.Whole digest) {
      note(sender, item.name(), file, digest.parts());
    }

    @Override
    public Optional<PartUpload> begun(Sender.Item item) throws IOException {
      synchronized (stored) {
        if (begun.containsKey(item.path())) {
          return Optional.of(begun.get(item.path()));
        }
      }
      UploadJournal.Begun before = begunBefore.get(item.path());
      if (before == null) {
        return Optional.empty();
      }
      Optional<PartUpload> again = PartUpload.again(sender, item, before, journal);
      begunBefore.remove(item.path());
      again.ifPresent(upload -> put(item, upload));
      return again;
    }

    @Override
    public PartUpload begin(Sender.Item item, String key) {
      var upload = new PartUpload(sender, item, key, journal);
      put(item, upload);
      return upload;
    }

    private void put(Sender.Item item, PartUpload upload) {
      synchronized (stored) {
        begun.put(item.path(), upload);
      }
    }

    @Override
    public void ended(Sender.Item item) {
      synchronized (stored) {
        begun.remove(item.path());
      }
    }
  }

  private void note(Sender sender, String name, Manifest.File file, List<Digest.Part> digests) {
    journal.stored(file);
    synchronized (stored) {
      stored.put(file.path(), file);
      if (digests.size() > 1) {
        long size = sender.partBytes(file.bytes());
        parts.put(name, new Known.Parts(file.key(), file.bytes(), size, digests));
      }
    }
  }

  private Manifest.File stored(String path) {
    synchronized (stored) {
      return stored.get(path);
    }
  }

  private Sender.Item item(Tree.Entry entry) {
    String path = entry.path();
    String name = path.startsWith(cut) ? path.substring(cut.length()) : path;
    boolean reserved = (prefix + name).equals(prefix + BucketLayout.MANIFEST);
    return new Sender.Item(root.resolve(path), entry.stat(), path, prefix, name, reserved ? 2 : 1);
  }

  /** True when both manifests describe the same content, wherever it lies. */
  static boolean sameFiles(Manifest mine, Manifest other) {
    if (other.files() == null || mine.files().size() != other.files().size()) {
      return false;
    }
    List<Manifest.File> ours = byPath(mine);
    List<Manifest.File> theirs = byPath(other);
    for (int i = 0; i < ours.size(); i++) {
      Manifest.File a = ours.get(i);
      Manifest.File b = theirs.get(i);
      if (!a.path().equals(b.path()) || !a.sha256().equals(b.sha256()) || a.bytes() != b.bytes()) {
        return false;
      }
    }
    return true;
  }

  private static List<Manifest.File> byPath(Manifest manifest) {
    return manifest.files().stream().sorted(Comparator.comparing(Manifest.File::path)).toList();
  }
}
