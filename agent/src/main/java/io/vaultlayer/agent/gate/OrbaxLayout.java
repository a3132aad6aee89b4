package io.vaultlayer.agent.gate;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Orbax: written under a temporary name, its commit time put into {@code _CHECKPOINT_METADATA},
 * then renamed. Each process leaves its own database below an item; a manifest above merges them.
 */
final class OrbaxLayout implements Layout {
  static final String METADATA = "_CHECKPOINT_METADATA";
  static final String MANIFEST = "manifest.ocdbt";

  /** Of versions before 0.4 and of those told to: a directory for each array, with this in it. */
  static final String ARRAY = ".zarray";

  private static final String ARRAY_3 = "zarr.json";

  /** Beside those directories: the tree as msgpack, which names them. */
  static final String TREE = "checkpoint";

  private static final String TYPES = "_METADATA";
  private static final Pattern TEMPORARY = Pattern.compile(".*\\.orbax-checkpoint-tmp(?:-\\d+)?");
  private static final Pattern PROCESS = Pattern.compile("ocdbt\\.process_(\\d+)");

  @Override
  public Finding look(String directory, Contents all, OptionalInt world) throws IOException {
    if (TEMPORARY.matcher(Contents.last(directory)).matches()) {
      return new Finding.Incomplete(directory + ": its name says that it is not finished");
    }
    Optional<String> missing =
        missingProcess(directory, all).or(() -> missingArray(directory, all));
    if (missing.isPresent()) {
      return new Finding.Incomplete(missing.get());
    }
    Optional<Part> metadata = all.find(directory, METADATA);
    if (metadata.isEmpty()) {
      return Finding.nothing();
    }
    OptionalLong committed = JsonText.number(metadata.get(), "commit_timestamp_nsecs");
    return committed.isPresent()
        ? Finding.proven()
        : new Finding.Incomplete(
            directory + ": " + METADATA + " names no time at which it was committed");
  }

  @Override
  public Optional<String> framework(String directory, Contents all) {
    boolean arrays =
        all.find(directory, TREE).isPresent()
            && all.directoriesIn(directory).stream()
                .anyMatch(each -> isArray(Contents.join(directory, each), all));
    boolean database =
        all.find(directory, MANIFEST).isPresent()
            && (all.find(directory, TREE).isPresent() || all.find(directory, TYPES).isPresent());
    return arrays || database || all.find(directory, METADATA).isPresent()
        ? Optional.of("orbax")
        : Optional.empty();
  }

  /** An array that the tree names and that has no directory. */
  private static Optional<String> missingArray(String directory, Contents all) {
    Optional<Part> tree = all.find(directory, TREE);
    if (tree.isEmpty() || all.find(directory, MANIFEST).isPresent()) {
      return Optional.empty();
    }
    return ArrayNames.in(tree.get()).stream()
        .filter(name -> !isArray(Contents.join(directory, name), all))
        .findFirst()
        .map(name -> directory + ": the array " + name + ", which its tree names, is missing");
  }

  private static boolean isArray(String directory, Contents all) {
    return all.find(directory, ARRAY).isPresent() || all.find(directory, ARRAY_3).isPresent();
  }

  private static Optional<String> missingProcess(String directory, Contents all) {
    TreeSet<Integer> processes = Contents.Ranks.in(all.directoriesIn(directory), PROCESS);
    if (processes.isEmpty()) {
      return Optional.empty();
    }
    OptionalInt process = Contents.Ranks.missing(processes, OptionalInt.empty());
    if (process.isPresent()) {
      return Optional.of(
          directory + ": the database of process " + process.getAsInt() + " is missing");
    }
    for (int present : processes) {
      String own = Contents.join(directory, "ocdbt.process_" + present);
      if (all.find(own, MANIFEST).isEmpty()) {
        return Optional.of(own + ": " + MANIFEST + " is missing");
      }
    }
    return all.find(directory, MANIFEST).isEmpty()
        ? Optional.of(directory + ": " + MANIFEST + ", which joins its processes, is missing")
        : Optional.empty();
  }
}
