package io.vaultlayer.agent.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vaultlayer.testkit.python.FrameworkPython;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the real frameworks write; where there is a {@link FrameworkPython} that has them. */
class RealFrameworksTest {
  /** Directories of {@code make_checkpoints.py}, with what their own signs prove of them. */
  private record Made(String directory, OptionalInt world, boolean proven) {}

  private static final List<Made> MADE =
      List.of(
          new Made("torch", OptionalInt.empty(), false),
          new Made("safetensors", OptionalInt.empty(), false),
          new Made("numpy", OptionalInt.empty(), false),
          new Made("flax", OptionalInt.empty(), false),
          new Made("lightning", OptionalInt.empty(), false),
          new Made("sharded", OptionalInt.empty(), false),
          new Made("accelerate", OptionalInt.of(1), false),
          new Made("trainer", OptionalInt.empty(), true),
          new Made("trainer-model-only", OptionalInt.of(1), true),
          new Made("distributed/step-9", OptionalInt.of(2), true),
          new Made("distributed/step-10", OptionalInt.of(2), true),
          new Made("distributed/trainer", OptionalInt.of(2), true),
          new Made("orbax", OptionalInt.empty(), true));

  @TempDir static Path out;
  private static String told;

  @BeforeAll
  static void make() throws Exception {
    var found = FrameworkPython.find();
    assumeTrue(
        found.isPresent(),
        () -> FrameworkPython.missing() + "; not checked are the files that the frameworks write");
    String python = found.get().interpreter().toString();
    Path log = out.resolve("log");
    var process =
        new ProcessBuilder(
                python, "src/test/python/make_checkpoints.py", out.resolve("made").toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    told = Files.readString(log);
    assertThat(process.exitValue()).as(told).isZero();
    var skipped = told.lines().filter(line -> line.contains(" skipped:")).toList();
    skipped.forEach(System.err::println);
    if (found.get().has("torch")) {
      assertThat(skipped)
          .as("torch is there, so none of its makers may be skipped")
          .noneMatch(RealFrameworksTest::isTorchs);
    }
  }

  private static boolean isTorchs(String line) {
    return !line.startsWith("orbax ") && !line.startsWith("flax ") && !line.startsWith("numpy ");
  }

  private static boolean isMade(Made made) {
    return told.contains(made.directory().split("/")[0] + " made");
  }

  private static List<Part> parts(Path kept) throws IOException {
    var parts = new ArrayList<Part>();
    try (var files = Files.walk(kept)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        parts.add(
            new Part(
                kept.relativize(file).toString(),
                file,
                Files.size(file),
                Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS)));
      }
    }
    return parts;
  }

  @Test
  void whatTheyFinishedIsTaken() throws Exception {
    for (Made made : MADE.stream().filter(RealFrameworksTest::isMade).toList()) {
      var parts = parts(out.resolve("made").resolve(made.directory()));
      for (Part part : parts) {
        assertThat(Formats.problem(part)).as(part.path()).isEmpty();
      }
      assertThat(Layouts.look(new Contents(parts), made.world()))
          .as(made.directory())
          .isInstanceOfSatisfying(
              Finding.Whole.class,
              whole -> assertThat(whole.proven()).as(made.directory()).isEqualTo(made.proven()));
    }
  }

  @Test
  void whatIsCutFromTheirFilesIsNeverTaken() throws Exception {
    Path copy = out.resolve("cut");
    for (Path file : whoseEndIsTold()) {
      byte[] whole = Files.readAllBytes(file);
      Path cut = Files.createDirectories(copy).resolve(file.getFileName());
      int stride = Math.max(1, whole.length / 60);
      for (int length = 1; length < whole.length; length += stride) {
        Files.deleteIfExists(cut);
        Files.write(cut, java.util.Arrays.copyOf(whole, length));
        assertThat(Formats.problem(new Part(cut.getFileName().toString(), cut, length, 0)))
            .as("%s cut at %s of %s", file, length, whole.length)
            .isPresent();
      }
    }
  }

  @Test
  void withoutAnyOneOfTheirPartsATrainersAndADistributedCheckpointAreIncomplete() throws Exception {
    for (String directory : List.of("distributed/step-9", "distributed/trainer")) {
      assumeTrue(told.contains("distributed made"), "no torch");
      var parts = parts(out.resolve("made").resolve(directory));
      for (Part missing : parts) {
        var rest = parts.stream().filter(part -> part != missing).toList();
        // A Trainer resumes without its arguments; that the highest rank is missing, no name tells.
        boolean optional = missing.name().matches("training_args\\.bin|__1_0\\.distcp");
        assertThat(
                Layouts.look(new Contents(rest), OptionalInt.of(2)) instanceof Finding.Incomplete)
            .as(missing.path())
            .isEqualTo(!optional);
      }
    }
  }

  private static TreeSet<Path> whoseEndIsTold() throws IOException {
    var found = new TreeSet<Path>();
    try (var files = Files.walk(out.resolve("made"))) {
      files
          .filter(Files::isRegularFile)
          .filter(file ->
              file.toString()
                  .matches(
                      ".*(\\.safetensors|zip\\.pt|no-crc\\.pt|\\.pth|optimizer\\.(pt|bin)|\\.ckpt|\\.npz"
                          + "|manifest\\.ocdbt|random_states_0\\.pkl)"))
          .forEach(found::add);
    }
    return found;
  }
}
