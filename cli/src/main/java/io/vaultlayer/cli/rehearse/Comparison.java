package io.vaultlayer.cli.rehearse;

import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.Download;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Compares files that two runs have left: by digest, and where digests differ by what is in them,
 * because a time or a name inside a file is no difference in the training.
 */
final class Comparison {
  private static final String PROGRAM = "/python/compare_checkpoints.py";
  private static final int SECONDS = 180;

  /** As many as the program tells; there may be more. */
  private static final int MOST_PLACES = 10;

  private static final int MOST_ANSWER = 16 << 20;

  /** More than this is compared by digest only: it would have to be copied twice. */
  private static final long MOST_BYTES = 64L << 30;

  /**
   * What was found.
   *
   * @param what was compared, such as {@code checkpoint of step 30}
   * @param equal all that matters is the same, bit for bit
   * @param byValues true where bytes differ and it took a look inside
   * @param parts whether weights, optimizer, scheduler, rng, position are equal, where seen
   * @param differ where they differ
   */
  record Found(
      String what,
      boolean equal,
      boolean byValues,
      Map<String, Boolean> parts,
      List<String> differ) {
    /**
     * Equal too where weights and optimizer are, and the rest differed in the same places before
     * anything was killed: random states that nobody seeded and nothing draws from.
     */
    Found but(Found untouched) {
      boolean trained =
          parts.getOrDefault("weights", false)
              && parts.getOrDefault("optimizer", true)
              && parts.getOrDefault("scheduler", true);
      boolean all = differ.size() < MOST_PLACES && untouched.differ.size() < MOST_PLACES;
      return trained && all && plain(untouched.differ).containsAll(plain(differ))
          ? new Found(what, true, true, parts, List.of())
          : this;
    }

    private static Set<String> plain(List<String> places) {
      return places.stream().map(p -> p.replaceAll("[0-9]+", "#")).collect(Collectors.toSet());
    }

    Optional<Boolean> part(String name) {
      return Optional.ofNullable(parts.get(name));
    }
  }

  /** A set of files that can be fetched. */
  interface Source {
    List<Download> files() throws InterruptedException;

    void pull(Path directory) throws IOException, InterruptedException;
  }

  private record Said(List<SaidFile> files, Map<String, Boolean> parts, List<String> differ) {}

  private record SaidFile(String path, boolean equal, String how) {}

  private final Path scratch;
  private final List<Path> pythons;
  private int compared;

  /**
   * @param pythons to ask, best first
   */
  Comparison(Path scratch, List<Path> pythons) {
    this.scratch = scratch;
    this.pythons = pythons;
  }

  /** Empty where there is nothing on one of the sides. */
  Optional<Found> of(String what, Source left, Source right)
      throws IOException, InterruptedException {
    var here = left.files();
    var there = right.files();
    if (here.isEmpty() || there.isEmpty()) {
      return Optional.empty();
    }
    if (digests(here).equals(digests(there))) {
      return Optional.of(new Found(what, true, false, Map.of(), List.of()));
    }
    if (bytes(here) + bytes(there) < MOST_BYTES) {
      var directory = scratch.resolve("compare-" + compared++);
      left.pull(directory.resolve("left"));
      right.pull(directory.resolve("right"));
      for (var python : pythons) {
        var said = ask(python, directory);
        if (said.isPresent()) {
          return Optional.of(found(what, said.get()));
        }
      }
    }
    return Optional.of(new Found(what, false, false, Map.of(), differing(here, there)));
  }

  private static Found found(String what, Said said) {
    boolean equal = said.files.stream().allMatch(SaidFile::equal);
    boolean byValues = said.files.stream().anyMatch(file -> "values".equals(file.how));
    return new Found(what, equal, byValues, said.parts, said.differ);
  }

  static Map<String, String> digests(List<Download> files) {
    var found = new java.util.TreeMap<String, String>();
    files.stream()
        .filter(file -> !file.path().endsWith("vaultlayer_hook.json"))
        .forEach(file -> found.put(file.path(), file.sha256()));
    return found;
  }

  private static long bytes(List<Download> files) {
    return files.stream().mapToLong(Download::bytes).sum();
  }

  private static List<String> differing(List<Download> here, List<Download> there) {
    var one = digests(here);
    var other = digests(there);
    var names = new ArrayList<String>();
    one.forEach((path, digest) -> {
      if (!digest.equals(other.get(path)) && names.size() < MOST_PLACES) {
        names.add(path);
      }
    });
    return names;
  }

  private static Optional<Said> ask(Path python, Path directory) throws IOException {
    Process process;
    try {
      process =
          new ProcessBuilder(python.toString(), "-", "left", "right")
              .directory(directory.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      return Optional.empty(); // a file of that name that is no program
    }
    CompletableFuture.delayedExecutor(SECONDS, TimeUnit.SECONDS).execute(process::destroyForcibly);
    try (var in = process.getOutputStream();
        var program = Comparison.class.getResourceAsStream(PROGRAM)) {
      program.transferTo(in);
    } catch (IOException e) {
      return Optional.empty();
    }
    try (var out = process.getInputStream()) {
      var text = new String(out.readNBytes(MOST_ANSWER), StandardCharsets.UTF_8);
      return Optional.of(Json.parse(text, Said.class));
    } catch (Json.MalformedJson e) {
      return Optional.empty();
    } finally {
      process.destroyForcibly();
    }
  }

  /** Pythons of the command and of the PATH that can be asked. */
  static List<Path> pythons(Optional<String> path, Path workdir, String program) {
    var found = new ArrayList<Path>();
    if (program.contains("/")) {
      var named = workdir.resolve(program);
      found.add(isPython(program) ? named : named.resolveSibling("python3"));
    }
    for (var folder : path.orElse("").split(java.io.File.pathSeparator)) {
      if (!folder.isEmpty()) {
        if (!program.contains("/") && isPython(program)) {
          found.add(Path.of(folder, program));
        } else if (!program.contains("/") && Files.isExecutable(Path.of(folder, program))) {
          found.add(Path.of(folder, "python3")); // torchrun and the like lie beside theirs
        }
        found.add(Path.of(folder, "python3"));
      }
    }
    return found.stream().filter(Files::isExecutable).distinct().limit(3).toList();
  }

  private static boolean isPython(String program) {
    return program.substring(program.lastIndexOf('/') + 1).matches("(python|pypy)[0-9.]*");
  }
}
