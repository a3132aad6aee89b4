package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Installation;
import io.vaultlayer.cli.frame.ProgressLine;
import io.vaultlayer.cli.frame.Shell;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Starts the embedded plane in a session of its own, so that it outlives this command. */
final class PlaneStart {
  private static final long PATIENCE_MILLIS = 60_000;
  private static final long STEP_MILLIS = 20;
  private static final long UNREMARKED_MILLIS = 300;
  private static final long OTHER_MILLIS = 2_000;
  private static final int TAIL_BYTES = 64 << 10;
  private static final String CODE = "vl-code: ";

  private final Shell shell;
  private final LocalPlane plane;
  private final Path directory;

  PlaneStart(Shell shell, LocalPlane plane, Path directory) {
    this.shell = shell;
    this.plane = plane;
    this.directory = directory;
  }

  /** Returns when the plane answers. @throws Failure with the plane's own last words */
  PlaneInfo start() throws IOException, InterruptedException {
    var log = directory.resolve("plane.out").toFile();
    var builder = new ProcessBuilder(command());
    builder.directory(directory.toFile());
    // The settings of this shell, which need not be those of this process.
    builder
        .environment()
        .keySet()
        .removeIf(k -> k.startsWith("VAULTLAYER_") && shell.variable(k).isEmpty());
    builder.environment().put("VAULTLAYER_HOME", shell.home().toString());
    builder.redirectInput(new File("/dev/null"));
    builder.redirectOutput(log);
    builder.redirectErrorStream(true);
    var process = builder.start();
    return await(process, log.toPath());
  }

  private PlaneInfo await(Process process, Path log) throws IOException, InterruptedException {
    var begun = shell.clock().instant();
    var progress = new ProgressLine(shell);
    while (true) {
      var info = plane.running();
      if (info.isPresent() && plane.answers(info.get())) {
        progress.clear();
        return info.get();
      }
      long waited = Duration.between(begun, shell.clock().instant()).toMillis();
      if (!process.isAlive()) {
        var meanwhile = afterItsEnd(process.exitValue());
        progress.clear();
        if (meanwhile.isPresent()) {
          return meanwhile.get();
        }
        throw ended(process.exitValue(), log);
      }
      if (waited > PATIENCE_MILLIS) {
        process.destroy();
        throw Failure.unreachable(
            "starting the embedded plane in " + directory + ": not ready after 60 s; see " + log);
      }
      if (waited > UNREMARKED_MILLIS) {
        progress.draw("starting the embedded plane (%.1f s)".formatted(waited / 1000.0));
      }
      shell.pause(STEP_MILLIS);
    }
  }

  /** A process that ended well may have found another plane of this home, and that one answers. */
  private Optional<PlaneInfo> afterItsEnd(int status) throws InterruptedException {
    var found = plane.live();
    for (long waited = 0; found.isEmpty() && status == 0 && waited < OTHER_MILLIS; ) {
      shell.pause(STEP_MILLIS);
      waited += STEP_MILLIS;
      found = plane.live();
    }
    return found;
  }

  /** The plane's own error line is the best explanation; it has the shape of every error. */
  private Failure ended(int status, Path log) {
    var said = tail(log);
    var line = lastError(said);
    int exit = status >= 1 && status <= 5 ? status : ExitCode.UNREACHABLE;
    var message =
        line.isEmpty()
            ? "starting the embedded plane in "
                + directory
                + ": it ended with exit code "
                + status
                + " and said nothing; see "
                + log
            : line;
    return new Failure(
        exit, lastCode(said), message, Map.of("exitCode", status, "log", log.toString()));
  }

  /** The stable code that a plane which refuses to start says before its reason. */
  private static String lastCode(List<String> lines) {
    return lines.reversed().stream()
        .filter(line -> line.matches(CODE + "[a-z_]{1,64}"))
        .findFirst()
        .map(line -> line.substring(CODE.length()))
        .orElse("plane_did_not_start");
  }

  static String lastError(List<String> lines) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      var line = lines.get(i).strip();
      if (line.startsWith("vl: ") || line.startsWith("error: ")) {
        return line.substring(line.indexOf(' ') + 1);
      }
    }
    for (int i = lines.size() - 1; i >= 0; i--) {
      var line = lines.get(i);
      if (!line.isBlank() && !line.startsWith("\tat ") && !line.startsWith("WARNING")) {
        return line.strip();
      }
    }
    return "";
  }

  private static List<String> tail(Path log) {
    try (var file = Files.newByteChannel(log)) {
      file.position(Math.max(0, file.size() - TAIL_BYTES));
      var bytes = java.nio.ByteBuffer.allocate(TAIL_BYTES);
      while (bytes.hasRemaining() && file.read(bytes) >= 0) {
        // Until the end or the limit.
      }
      return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8)
          .lines()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private List<String> command() throws IOException {
    var own = shell.installation();
    var dist =
        own.dist()
            .orElseThrow(() ->
                Failure.refused(
                    "no_plane_here",
                    "starting the embedded plane: this program was not started by its"
                        + " launcher, so it does not know where the plane is; use ./vl of a"
                        + " checkout"));
    var command = new ArrayList<String>();
    if (onPath("setsid")) {
      command.add("setsid");
    }
    command.add(own.java().toString());
    command.add("-Dvaultlayer.template=" + own.template());
    var args = dist.resolve("plane.args");
    if (Files.isReadable(args)) {
      command.add("@" + args);
    } else {
      command.addAll(plainOptions(dist, own));
    }
    return command;
  }

  private static List<String> plainOptions(Path dist, Installation own) throws IOException {
    return List.of(
        "-XX:AOTCache=" + dist.resolve("plane.aot"),
        "-XX:AOTMode=auto",
        "-Xlog:disable",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xmx192m",
        "-Xss512k",
        "--enable-native-access=ALL-UNNAMED",
        "-Dvaultlayer.dist=" + dist,
        "-Dvaultlayer.java=" + own.java(),
        "-Dvaultlayer.root=" + own.root().orElse(dist),
        "-cp",
        Files.readString(dist.resolve("plane.cp")).strip(),
        "io.vaultlayer.local.LocalMain");
  }

  private boolean onPath(String program) {
    return shell
        .variable("PATH")
        .map(path -> List.of(path.split(File.pathSeparator)))
        .orElse(List.of("/usr/bin"))
        .stream()
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
