package io.vaultlayer.cli.insert;

import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Asks a Python what is to be inserted where. The script's own one if it can be found, because only
 * that one knows the script's syntax, else any {@code python3}. The script is read and never run,
 * and Python is started isolated, without the site's and the user's packages.
 */
final class Planner {
  /** The program: a package, and what runs it. */
  private static final String PACKAGE = "insertion_plan/";

  private static final String MAIN = "__main__.py";

  private static final List<String> MODULES =
      List.of(
          "__init__.py",
          "decision.py",
          "edits.py",
          "training.py",
          "tree.py",
          "uses.py",
          "vocabulary.py");

  /** Python's start takes 50 ms, a script of a thousand lines as long again. */
  private static final int SECONDS = 10;

  private static final int MOST_BYTES = 4 << 20;

  private final Shell shell;
  private final Path workdir;

  Planner(Shell shell, Path workdir) {
    this.shell = shell;
    this.workdir = workdir;
  }

  /** Empty where no Python could be asked. */
  Optional<Plan> plan(Script script, byte[] source) throws IOException {
    var program = Files.createTempFile("vl-plan-", ".zip");
    try {
      pack(program);
      return plan(script, source, program);
    } finally {
      Files.deleteIfExists(program);
    }
  }

  private Optional<Plan> plan(Script script, byte[] source, Path program) throws IOException {
    var pythons = new LinkedHashSet<Path>();
    script.interpreter().ifPresent(pythons::add);
    Script.program(shell, workdir, "python3").ifPresent(pythons::add);
    Optional<Plan> plan = Optional.empty();
    for (var python : pythons) {
      var said = ask(python, source, program);
      plan = said.isPresent() ? said : plan;
      if (said.isPresent() && said.get().verdict() != Plan.Verdict.UNREADABLE) {
        return said;
      }
    }
    return plan;
  }

  private Optional<Plan> ask(Path python, byte[] source, Path program) throws IOException {
    Process process;
    try {
      process =
          new ProcessBuilder(List.of(python.toString(), "-I", "-S", program.toString()))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      return Optional.empty(); // a file of that name that is no program
    }
    CompletableFuture.delayedExecutor(SECONDS, TimeUnit.SECONDS).execute(process::destroyForcibly);
    try (var in = process.getOutputStream()) {
      in.write(source);
    } catch (IOException e) {
      // It ended before it had read everything; what it said tells.
    }
    try (var out = process.getInputStream()) {
      var said = new String(out.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
      return Optional.of(Plan.parse(said, source.length));
    } catch (IOException | Json.MalformedJson e) {
      return Optional.empty();
    } finally {
      process.destroyForcibly();
    }
  }

  /** As Python runs a zip file. Not compressed: a Python may come without zlib. */
  private static void pack(Path program) throws IOException {
    try (var zip = new ZipOutputStream(Files.newOutputStream(program))) {
      zip.setMethod(ZipOutputStream.STORED);
      for (var module : MODULES) {
        add(zip, PACKAGE + module, PACKAGE + module);
      }
      add(zip, MAIN, PACKAGE + MAIN);
    }
  }

  private static void add(ZipOutputStream zip, String name, String resource) throws IOException {
    byte[] bytes;
    try (var in = Planner.class.getResourceAsStream("/python/" + resource)) {
      bytes = in.readAllBytes();
    }
    var crc = new CRC32();
    crc.update(bytes);
    var entry = new ZipEntry(name);
    entry.setSize(bytes.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }
}
