package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.hook.Unreached;
import io.vaultlayer.agent.host.Child;
import io.vaultlayer.agent.host.Programs;
import io.vaultlayer.agent.work.InstanceDir;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Starts the user's programs: the setup as a script file of the user's text, the command as argv.
 */
final class Launch {
  private static final String PYTHON = "python";
  private static final String PYTHON3 = "python3";
  private static final long MOST_SETUP_OUTPUT = 64 << 10;

  private final InstanceDir places;
  private final int epoch;
  private final Map<String, String> environment;

  Launch(InstanceDir places, int epoch, Map<String, String> environment) {
    this.places = places;
    this.epoch = epoch;
    this.environment = environment;
  }

  /**
   * @throws Child.NotStarted when there is no shell
   */
  Child setup(String text) throws Child.NotStarted, IOException {
    // The text is the user's own script, handed over in a file: nothing of it is read by a shell
    // of ours, and it never stands in a process list.
    Path script = places.logs(epoch).resolve("setup.sh");
    Files.writeString(script, text.endsWith("\n") ? text : text + "\n");
    return Child.start(
        new Child.Order(
            "/bin/sh",
            List.of("sh", script.toString()),
            environment,
            places.work(),
            places.setupOutput(epoch)));
  }

  /** A setup that failed is shown to the user: its last words go where the script's would be. */
  void showSetup() throws IOException {
    Path from = places.setupOutput(epoch);
    if (!Files.exists(from)) {
      return;
    }
    try (var in = Files.newInputStream(from)) {
      in.skipNBytes(Math.max(0, Files.size(from) - MOST_SETUP_OUTPUT));
      Files.write(
          places.output(epoch), in.readNBytes((int) MOST_SETUP_OUTPUT), StandardOpenOption.APPEND);
    }
  }

  /**
   * Starts the command in the work directory.
   *
   * @throws Child.NotStarted when there is no such program; the message names it
   */
  Child command(List<String> command) throws Child.NotStarted, IOException {
    String path = environment.get("PATH");
    var argv = new ArrayList<>(command);
    Optional<Path> program = Programs.find(argv.getFirst(), path, places.work());
    if (program.isEmpty() && argv.getFirst().equals(PYTHON)) {
      program = Programs.find(PYTHON3, path, places.work());
      if (program.isPresent()) {
        argv.set(0, PYTHON3);
        say("there is no python here; using python3");
      }
    }
    Optional<String> unreached = Unreached.by(command);
    if (unreached.isPresent()) {
      say(unreached.get());
    }
    // A program that is not there is started all the same: the kernel says best what is wrong.
    String file = program.map(Path::toString).orElse(argv.getFirst());
    if (program.isEmpty() && !file.contains("/")) {
      throw Child.notFound(file);
    }
    return Child.start(
        new Child.Order(file, argv, environment, places.work(), places.output(epoch)));
  }

  /** Once for a job, among its own output. */
  private void say(String text) throws IOException {
    if (epoch == 1) {
      Files.write(
          places.output(epoch),
          ("[vaultlayer] " + text + "\n").getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.APPEND);
    }
  }
}
