package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/**
 * Snapshots of one epoch under {@code <scratch>/snapshots/}: hard links where the file system
 * allows, so that the script's rotation cannot tear what is being uploaded and nothing waits for a
 * copy. A link shows later writes into the same file, so every file's state is kept and compared
 * after the upload. Small checkpoints of scripts that write in place are copied instead: those
 * would change under every upload.
 */
final class Snapshots {
  /** Above this a copy costs more disk and time than the retry that it saves. */
  private static final long MOST_COPIED = 256L << 20;

  /** Far more than the top-level files of all snapshots that are there at once. */
  private static final int MOST_TOUCHED = 20_000;

  /** Far more snapshots than ever wait. */
  private static final int MOST_LEFT = 10_000;

  private static final String RECORD = "snapshot.json";

  private final Scope scope;
  private final Map<Long, Long> touched = new LinkedHashMap<>();
  private long next = 1;

  Snapshots(Scope scope) {
    this.scope = scope;
  }

  /** ctimes that our links caused, by inode: {@link Arrival} must not take them for a rename. */
  Map<Long, Long> touched() {
    return touched;
  }

  /** Removes a snapshot. */
  void discard(Snapshot snapshot) {
    discard(snapshot.directory(), snapshot.tree());
  }

  private void discard(Path directory, Tree tree) {
    Trees.deleteQuietly(directory);
    touch(tree);
  }

  private void touch(Tree tree) {
    for (Tree.Entry file : tree.files()) {
      if (file.path().indexOf('/') < 0) {
        touch(scope.kept().resolve(file.path()), file.stat().inode());
      }
    }
  }

  /** Notes the ctime that a file of the script has now that we linked or unlinked it. */
  private void touch(Path top, long inode) {
    try {
      Optional<Stat> now = Stat.of(top);
      if (now.isPresent() && now.get().inode() == inode) {
        if (touched.size() >= MOST_TOUCHED) {
          touched.remove(touched.keySet().iterator().next());
        }
        touched.put(now.get().inode(), now.get().changedNanos());
      }
    } catch (IOException e) {
      // It cannot be looked at, so nothing will be concluded from it.
    }
  }

  /**
   * It changed or vanished while the snapshot was taken; if it still is, it will be found again.
   */
  static final class Moved extends IOException {
    private static final long serialVersionUID = 1L;

    Moved(String message) {
      super(message);
    }
  }

  /**
   * @throws Moved when what lies there is no longer what was found
   * @throws IOException when the file system refuses, for example for want of space
   */
  Snapshot take(Sighted found, long step, OptionalDouble loss) throws IOException {
    Path directory = scope.snapshots().resolve(prefix(scope) + next++);
    Trees.delete(directory);
    boolean whole = false;
    try {
      Path files = Files.createDirectories(directory.resolve("files"));
      boolean copy =
          found.proof() == Proof.QUIET
              && found.step().isEmpty()
              && found.tree().bytes() <= MOST_COPIED;
      var kept = new ArrayList<Tree.Entry>();
      var made = new HashSet<Path>();
      for (Tree.Entry entry : found.tree().files()) {
        Path to = files.resolve(entry.path());
        if (made.add(to.getParent())) {
          Files.createDirectories(to.getParent());
        }
        kept.add(keep(entry, to, copy));
      }
      Tree source = found.tree();
      Tree tree =
          new Tree(List.copyOf(kept), source.directories(), source.skipped(), source.problem());
      var snapshot = new Snapshot(directory, step, found.tops(), tree, found.proof(), loss);
      record(snapshot);
      touch(tree);
      whole = true;
      return snapshot;
    } finally {
      if (!whole) {
        discard(directory, found.tree());
      }
    }
  }

  /** Where an agent before us has left snapshots of this epoch, whole or not. */
  static List<Path> left(Scope scope) {
    try {
      return Tree.names(scope.snapshots(), MOST_LEFT).stream()
          .filter(name -> name.startsWith(prefix(scope)))
          .map(scope.snapshots()::resolve)
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Removes all that is there: the epochs that it belongs to are over. */
  void clear() throws IOException {
    for (String name : Tree.names(scope.snapshots(), MOST_LEFT)) {
      discard(scope.snapshots().resolve(name));
    }
  }

  /**
   * Snapshots of this epoch that an agent before us completed, newest step last; the rest goes.
   *
   * @param lost told of each directory of this epoch that is none, before it is removed
   */
  List<Snapshot> recover(Consumer<Path> lost) throws IOException {
    var found = new ArrayList<Snapshot>();
    for (String name : Tree.names(scope.snapshots(), MOST_LEFT)) {
      Path directory = scope.snapshots().resolve(name);
      boolean ours = name.startsWith(prefix(scope));
      Optional<Snapshot> snapshot = ours ? recover(directory) : Optional.empty();
      snapshot.ifPresent(found::add);
      if (snapshot.isEmpty()) {
        if (ours) {
          lost.accept(directory);
        }
        discard(directory);
      }
    }
    found.sort((a, b) -> Long.compare(a.step(), b.step()));
    return found;
  }

  private static String prefix(Scope scope) {
    return "e" + scope.epoch() + "-";
  }

  private void discard(Path directory) throws IOException {
    Path files = directory.resolve("files");
    discard(directory, Tree.of(files, Tree.names(files, Manifest.MOST_FILES), Manifest.MOST_FILES));
  }

  private Tree.Entry keep(Tree.Entry entry, Path to, boolean copy) throws IOException {
    Path from = scope.kept().resolve(entry.path());
    try {
      if (copy || !link(from, to)) {
        Files.copy(
            from, to, LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES); // its age
        unchanged(now(from, entry), entry);
        return new Tree.Entry(entry.path(), now(to, entry));
      }
      Stat linked = now(to, entry);
      unchanged(linked, entry);
      return new Tree.Entry(entry.path(), linked);
    } catch (NoSuchFileException e) {
      throw new Moved(entry.path() + " vanished");
    }
  }

  private static Stat now(Path path, Tree.Entry entry) throws IOException {
    return Stat.of(path).orElseThrow(() -> new Moved(entry.path() + " vanished"));
  }

  private static boolean link(Path from, Path to) throws IOException {
    try {
      Files.createLink(to, from);
      return true;
    } catch (NoSuchFileException e) {
      throw e;
    } catch (UnsupportedOperationException | FileSystemException e) {
      return false; // another file system, one without links, or a file that is not ours
    }
  }

  private static void unchanged(Stat now, Tree.Entry expected) throws IOException {
    Stat then = expected.stat();
    if (now.inode() != then.inode()
        || now.bytes() != then.bytes()
        || now.modifiedNanos() != then.modifiedNanos()) {
      throw new Moved(expected.path() + " changed");
    }
  }

  /** What of a snapshot outlives the agent; {@code states} are path, size and mtime. */
  private record Record(
      long step, List<String> tops, String proof, Double loss, List<State> states) {}

  private record State(String path, long bytes, long modifiedNanos) {}

  private static List<State> states(Tree tree) {
    return tree.files().stream()
        .map(f -> new State(f.path(), f.stat().bytes(), f.stat().modifiedNanos()))
        .toList();
  }

  /** Written last, by rename: a directory without it is no snapshot. */
  private static void record(Snapshot snapshot) throws IOException {
    var record =
        new Record(
            snapshot.step(),
            snapshot.tops(),
            snapshot.proof().name(),
            snapshot.loss().isPresent() ? snapshot.loss().getAsDouble() : null,
            states(snapshot.tree()));
    Path unfinished = snapshot.directory().resolve(RECORD + ".tmp");
    Files.write(unfinished, Json.render(record).getBytes(StandardCharsets.UTF_8));
    Files.move(unfinished, snapshot.directory().resolve(RECORD), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Empty when the agent died while it took it, or a linked file was written to since. */
  private static Optional<Snapshot> recover(Path directory) {
    try {
      Record record = Json.parse(Files.readString(directory.resolve(RECORD)), Record.class);
      Tree tree = Tree.of(directory.resolve("files"), record.tops(), Manifest.MOST_FILES);
      if (!states(tree).equals(record.states())) {
        return Optional.empty();
      }
      OptionalDouble loss =
          record.loss() == null ? OptionalDouble.empty() : OptionalDouble.of(record.loss());
      return Optional.of(
          new Snapshot(
              directory, record.step(), record.tops(), tree, Proof.valueOf(record.proof()), loss));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }
}
