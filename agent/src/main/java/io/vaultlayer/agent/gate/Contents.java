package io.vaultlayer.agent.gate;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The files of a checkpoint by directory. */
public final class Contents {
  private final List<Part> parts;
  private final TreeMap<String, Map<String, Part>> directories = new TreeMap<>();
  private final TreeSet<String> paths = new TreeSet<>();

  public Contents(List<Part> parts) {
    this.parts = List.copyOf(parts);
    for (Part part : parts) {
      directories.computeIfAbsent(part.directory(), _ -> new TreeMap<>()).put(part.name(), part);
      paths.add(part.path());
      for (String up = part.directory(); !up.isEmpty(); up = above(up)) {
        directories.computeIfAbsent(up, _ -> new TreeMap<>());
      }
    }
  }

  static String above(String directory) {
    int slash = directory.lastIndexOf('/');
    return slash < 0 ? "" : directory.substring(0, slash);
  }

  List<Part> parts() {
    return parts;
  }

  /** Every directory with a file at any depth below it. */
  Collection<String> directories() {
    return directories.keySet();
  }

  /** The files directly in a directory, by name. */
  Map<String, Part> in(String directory) {
    return directories.getOrDefault(directory, Map.of());
  }

  Optional<Part> find(String directory, String name) {
    return Optional.ofNullable(in(directory).get(name));
  }

  /** Whether there is any file below a directory of this name. */
  boolean hasDirectory(String directory, String name) {
    String below = join(directory, name) + "/";
    String next = paths.ceiling(below);
    return next != null && next.startsWith(below);
  }

  /** Names of the directories directly in a directory that hold files, at any depth. */
  TreeSet<String> directoriesIn(String directory) {
    var names = new TreeSet<String>();
    String below = directory.isEmpty() ? "" : directory + "/";
    for (String other : directories.tailMap(below).keySet()) {
      if (!other.startsWith(below)) {
        break;
      }
      if (other.length() > below.length()) {
        names.add(other.substring(below.length()).split("/", 2)[0]);
      }
    }
    return names;
  }

  /** Ranks that the pattern's only group names, among the files of a directory. */
  TreeSet<Integer> ranks(String directory, Pattern pattern) {
    return Ranks.in(in(directory).keySet(), pattern);
  }

  static String join(String directory, String name) {
    return directory.isEmpty() ? name : directory + "/" + name;
  }

  static String last(String directory) {
    return directory.substring(directory.lastIndexOf('/') + 1);
  }

  /** What each rank leaves, counted. */
  static final class Ranks {
    private static final int MOST_DIGITS = 6;

    private Ranks() {}

    static TreeSet<Integer> in(Collection<String> names, Pattern pattern) {
      var ranks = new TreeSet<Integer>();
      for (String name : names) {
        var found = pattern.matcher(name);
        if (found.matches() && found.group(1).length() <= MOST_DIGITS) {
          ranks.add(Integer.parseInt(found.group(1)));
        }
      }
      return ranks;
    }

    /**
     * The first rank from 0 that is missing.
     *
     * @param world how many there are; unknown: as many as the highest that is there says
     */
    static OptionalInt missing(TreeSet<Integer> ranks, OptionalInt world) {
      int all = Math.max(ranks.isEmpty() ? 0 : ranks.last() + 1, world.orElse(0));
      for (int rank = 0; rank < all; rank++) {
        if (!ranks.contains(rank)) {
          return OptionalInt.of(rank);
        }
      }
      return OptionalInt.empty();
    }
  }
}
