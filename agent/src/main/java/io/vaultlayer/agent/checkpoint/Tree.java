package io.vaultlayer.agent.checkpoint;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The regular files below some entries of a directory at one look, sorted by path.
 *
 * @param files paths are relative to the directory, with slashes
 * @param directories the same for directories
 * @param skipped symbolic links and special files, which are not part of a checkpoint
 * @param problem why the tree cannot be a checkpoint whatever its content
 */
record Tree(
    List<Entry> files, List<Entry> directories, List<String> skipped, Optional<String> problem) {
  /** Deeper trees are refused: nobody nests a checkpoint so, and a walk must end. */
  static final int DEEPEST = 32;

  record Entry(String path, Stat stat) {}

  private static final int MOST_SKIPPED = 20;

  /** What a byte becomes that is no character. */
  private static final char UNDECODED = '\uFFFD';

  long bytes() {
    return files.stream().mapToLong(file -> file.stat().bytes()).sum();
  }

  /** True when both looks saw the same files with the same content. */
  boolean same(Tree other) {
    if (files.size() != other.files.size()) {
      return false;
    }
    for (int i = 0; i < files.size(); i++) {
      Entry mine = files.get(i);
      Entry theirs = other.files.get(i);
      if (!mine.path().equals(theirs.path()) || !mine.stat().sameContent(theirs.stat())) {
        return false;
      }
    }
    return true;
  }

  /**
   * Looks at some entries of a directory, and all below them. What vanishes meanwhile is left out.
   *
   * @param mostFiles a tree with more has a problem
   */
  static Tree of(Path directory, List<String> names, int mostFiles) throws IOException {
    var walk = new Walk(directory, mostFiles);
    for (String name : names) {
      walk.enter(directory, name, 0);
    }
    walk.files.sort(Comparator.comparing(Entry::path));
    return new Tree(
        List.copyOf(walk.files),
        List.copyOf(walk.directories),
        List.copyOf(walk.skipped),
        Optional.ofNullable(walk.problem));
  }

  /** Names in a directory, sorted; empty when it is not there. */
  static List<String> names(Path directory, int most) throws IOException {
    var names = new ArrayList<String>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (names.size() == most) {
          throw new IOException("more than " + most + " entries in " + directory);
        }
        names.add(entry.getFileName().toString());
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    names.sort(Comparator.naturalOrder());
    return names;
  }

  static boolean isDecoded(String name) {
    return name.indexOf(UNDECODED) < 0;
  }

  private static final class Walk {
    final List<Entry> files = new ArrayList<>();
    final List<Entry> directories = new ArrayList<>();
    final List<String> skipped = new ArrayList<>();
    String problem;
    private final Path root;
    private final int mostFiles;

    Walk(Path root, int mostFiles) {
      this.root = root;
      this.mostFiles = mostFiles;
    }

    /**
     * A name that could not be decoded cannot be asked for again, let alone restored. Without a
     * UTF-8 locale that is every name beyond ASCII.
     */
    void enter(Path directory, String name, int depth) throws IOException {
      if (!isDecoded(name)) {
        problem = "a file name that is no UTF-8 text, or this agent runs without a UTF-8 locale";
      } else {
        visit(directory.resolve(name), depth);
      }
    }

    private void visit(Path path, int depth) throws IOException {
      Optional<Stat> seen = Stat.of(path);
      if (problem != null || seen.isEmpty()) {
        return;
      }
      String name = root.relativize(path).toString();
      switch (seen.get().kind()) {
        case FILE -> {
          if (files.size() == mostFiles) {
            problem = "more than " + mostFiles + " files";
          } else {
            files.add(new Entry(name, seen.get()));
          }
        }
        case DIRECTORY -> {
          directories.add(new Entry(name, seen.get()));
          if (depth == DEEPEST) {
            problem = "directories nested deeper than " + DEEPEST;
          } else {
            for (String child : names(path, mostFiles)) {
              enter(path, child, depth + 1);
            }
          }
        }
        case LINK, OTHER -> {
          if (skipped.size() < MOST_SKIPPED) {
            skipped.add(name);
          }
        }
      }
    }
  }
}
