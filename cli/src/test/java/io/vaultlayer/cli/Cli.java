package io.vaultlayer.cli;

import io.vaultlayer.cli.frame.Installation;
import io.vaultlayer.cli.frame.Shell;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Runs the program inside the test, in a directory and an environment of its own. */
final class Cli {
  record Ran(int exit, String out, String err) {}

  final Path directory;
  final Map<String, String> environment = new HashMap<>();
  boolean terminal;
  Clock clock = Clock.fixed(Instant.parse("2026-11-20T10:02:00Z"), ZoneOffset.UTC);

  Installation installation;

  Cli(Path directory) {
    this.directory = directory;
    this.installation =
        new Installation(
            Optional.empty(),
            Optional.empty(),
            Path.of(System.getProperty("java.home"), "bin", "java"),
            Path.of("template.yaml"),
            directory.toString());
    environment.put("VAULTLAYER_HOME", directory.resolve("home").toString());
    environment.put("PATH", System.getenv("PATH"));
    environment.put("AWS_SHARED_CREDENTIALS_FILE", directory.resolve("no-credentials").toString());
  }

  Cli at(FakePlane plane) {
    environment.put("VAULTLAYER_ENDPOINT", plane.endpoint());
    return this;
  }

  Ran run(String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var shell =
        new Shell(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            terminal,
            terminal,
            directory,
            environment,
            clock,
            new Random(7),
            installation);
    int exit = new Program(shell).run(arguments);
    return new Ran(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
