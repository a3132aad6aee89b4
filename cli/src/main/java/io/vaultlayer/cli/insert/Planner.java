package io.vaultlayer.cli.insert;

import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Asks a Python what is to be inserted where. The script's own one if it can be found, because only
 * that one knows the script's syntax, else any {@code python3}. The script is read and never run,
 * and Python is started isolated, without the site's and the user's packages.
 */
final class Planner {
  private static final String PROGRAM = "/python/insertion_plan.py";

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
    var pythons = new LinkedHashSet<Path>();
    script.interpreter().ifPresent(pythons::add);
    Script.program(shell, workdir, "python3").ifPresent(pythons::add);
    Optional<Plan> plan = Optional.empty();
    for (var python : pythons) {
      var said = ask(python, source);
      plan = said.isPresent() ? said : plan;
      if (said.isPresent() && said.get().verdict() != Plan.Verdict.UNREADABLE) {
        return said;
      }
    }
    return plan;
  }

  private Optional<Plan> ask(Path python, byte[] source) throws IOException {
    Process process;
    try {
      process =
          new ProcessBuilder(List.of(python.toString(), "-I", "-S", "-c", program()))
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

  private static String program() throws IOException {
    try (var in = Planner.class.getResourceAsStream(PROGRAM)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
