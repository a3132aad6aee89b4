package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/** The directory of the script's checkpoints between two starts of the script. */
public final class KeptDirectory {
  private static final int MOST_ENTRIES = 1_000_000;

  /** What was moved aside is for a look after a failure; older ones than these are removed. */
  private static final int ASIDE_KEPT = 2;

  /** Room that must be left on the disk after a restore. */
  private static final long SPARE_BYTES = 64L << 20;

  private final Restorer restorer;

  public KeptDirectory(ObjectStore store) {
    this(store, Restorer.RANGE);
  }

  KeptDirectory(ObjectStore store, long range) {

    this.restorer = new Restorer(store, range);
  }

  /**
   * Makes the kept directory hold the pointer's checkpoint and nothing else, before the script
   * starts. Whatever else lies there is moved to {@code <scratch>/aside/e<epoch>/}, or removed
   * where that is another file system; local files whose digests match are used again, the others
   * come from the bucket. Nothing of the checkpoint is visible under its own name before all of it
   * is verified.
   *
   * @param pointer empty on a fresh start: the directory becomes empty
   * @throws DamagedCheckpoint when the bucket does not hold what was committed; the kept directory
   *     then holds nothing visible
   * @throws io.vaultlayer.agent.s3.StoreException when the bucket could not be read; try again
   * @throws IOException when the local file system refuses, for example for want of space
   */
  public Optional<Restored> prepare(Scope scope, Optional<AttemptApi.Pointer> pointer)
      throws DamagedCheckpoint, IOException {
    Path kept = Files.createDirectories(scope.kept());
    Path staging = kept.resolve(Manifest.RESTORING);
    Trees.delete(staging);
    if (pointer.isEmpty()) {
      moveAside(scope);
      return Optional.empty();
    }
    boolean done = false;
    try {
      Manifest manifest = restorer.manifest(scope, pointer.get());
      Files.createDirectories(staging);
      List<Manifest.File> missing = reuse(manifest, kept, staging);
      moveAside(scope);
      needSpace(kept, missing);
      restorer.download(missing, staging);
      Ages.restore(staging, manifest.files(), Files.getLastModifiedTime(staging).toInstant());
      Path from = unveil(manifest, staging, kept);
      done = true;
      return Optional.of(new Restored(pointer.get().step(), from, manifest));
    } finally {
      Trees.deleteQuietly(staging);
      if (!done) {
        moveAside(scope);
      }
    }
  }

  /** Moves intact local files into the staging directory. @return what is to be downloaded */
  private static List<Manifest.File> reuse(Manifest manifest, Path kept, Path staging)
      throws IOException {
    var missing = new ArrayList<Manifest.File>();
    for (Manifest.File file : manifest.files()) {
      Path here = kept.resolve(file.path());
      if (hasLinkAbove(kept, here) || !Restorer.isIntact(file, here)) {
        missing.add(file);
        continue;
      }
      Path there = staging.resolve(file.path());
      Files.createDirectories(there.getParent());
      Files.move(here, there, StandardCopyOption.ATOMIC_MOVE);
    }
    return missing;
  }

  /**
   * A script may have put a link where a directory was; what lies behind it is not ours to move.
   */
  private static boolean hasLinkAbove(Path kept, Path file) {
    for (Path up = file.getParent(); !up.equals(kept); up = up.getParent()) {
      if (Files.isSymbolicLink(up)) {
        return true;
      }
    }
    return false;
  }

  private static void moveAside(Scope scope) throws IOException {
    List<String> names = Tree.names(scope.kept(), MOST_ENTRIES);
    names = names.stream().filter(name -> !name.equals(Manifest.RESTORING)).toList();
    if (names.isEmpty()) {
      return;
    }
    Path aside = freshAside(scope);
    for (String name : names) {
      Path entry = scope.kept().resolve(name);
      try {
        Files.move(entry, aside.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      } catch (java.nio.file.AtomicMoveNotSupportedException e) {
        Trees.delete(entry);
      }
    }
  }

  private static Path freshAside(Scope scope) throws IOException {
    List<String> old =
        new ArrayList<>(Tree.names(Files.createDirectories(scope.aside()), MOST_ENTRIES));
    while (old.size() >= ASIDE_KEPT) {
      Trees.delete(scope.aside().resolve(old.removeFirst()));
    }
    String name = "e%08d".formatted(scope.epoch());
    Path fresh = scope.aside().resolve(name);
    for (int n = 2; Files.exists(fresh); n++) {
      fresh = scope.aside().resolve(name + "-%04d".formatted(n));
    }
    return Files.createDirectories(fresh);
  }

  private static void needSpace(Path kept, List<Manifest.File> missing) throws IOException {
    long needed = missing.stream().mapToLong(Manifest.File::bytes).sum();
    long there = kept.toFile().getUsableSpace();
    if (needed > 0 && there < needed + SPARE_BYTES) {
      throw new IOException(
          "No space left for the checkpoint: it needs "
              + needed
              + " bytes, "
              + there
              + " are free");
    }
  }

  /** Gives the whole checkpoint its names. */
  private static Path unveil(Manifest manifest, Path staging, Path kept) throws IOException {
    var tops = new TreeSet<String>();
    for (Manifest.File file : manifest.files()) {
      int slash = file.path().indexOf('/');
      tops.add(slash < 0 ? file.path() : file.path().substring(0, slash));
    }
    for (String top : tops) {
      Files.move(staging.resolve(top), kept.resolve(top), StandardCopyOption.ATOMIC_MOVE);
    }
    return kept.resolve(from(tops, manifest.step()));
  }

  /** The entry that a script is to load: the only one, or the only one that states the step. */
  private static String from(TreeSet<String> tops, long step) {
    if (tops.size() == 1) {
      return tops.first();
    }
    var named = tops.stream().filter(top -> Names.step(top).equals(OptionalLong.of(step))).toList();
    return named.size() == 1 ? named.getFirst() : "";
  }
}
