package io.vaultlayer.cli.rehearse;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Planes;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A home of its own with an embedded plane of its own, for one rehearsal. A guard process takes
 * everything down as soon as the pipe to it is closed, and a dead process's pipes are closed
 * however it died: at the end of the command, after Ctrl-C, and after {@code kill -9}.
 */
final class Throwaway implements AutoCloseable {
  /**
   * All processes of the home, found by the directory that they carry in their environment, until
   * none is left (one that is dying may start another); then the directory. The name comes by the
   * pipe, so that the guard does not carry it itself.
   */
  private static final String GUARD =
      """
      trap '' INT TERM HUP QUIT PIPE
      IFS= read -r dir || exit 0
      while read -r rest; do :; done
      none=0 round=0
      while [ $none -lt 3 ] && [ $round -lt 200 ]; do
        found=$(grep -lsF -e "$dir" /proc/[0-9]*/environ | cut -d/ -f3)
        if [ -n "$found" ]; then kill -KILL $found 2>/dev/null; none=0; else none=$((none + 1)); fi
        round=$((round + 1))
        sleep 0.05
      done
      rm -rf -- "$dir"
      """;

  private static final int PATIENCE_SECONDS = 30;

  private final Path directory;
  private final Process guard;
  private final Shell shell;
  private final Plane plane;

  private Throwaway(Path directory, Process guard, Shell shell, Plane plane) {
    this.directory = directory;
    this.guard = guard;
    this.shell = shell;
    this.plane = plane;
  }

  /** A running plane in a directory below {@code TMPDIR}. @throws Failure when it cannot be had */
  static Throwaway open(Shell user) throws IOException, InterruptedException {
    var parent = Path.of(user.variable("TMPDIR").orElse("/tmp")).toAbsolutePath();
    Path directory;
    try {
      directory =
          Files.createTempDirectory(
              parent,
              "vl-rehearse-",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw Failure.refused(
              "no_temporary_directory",
              "making a temporary directory in "
                  + parent
                  + ": "
                  + e.getMessage()
                  + "; set TMPDIR to a directory on a local disk")
          .because(e);
    }
    var guard = guard(user, directory);
    try {
      var shell = inner(user, directory.resolve("home"));
      return new Throwaway(directory, guard, shell, Planes.embedded(shell));
    } catch (Failure | InterruptedException e) {
      release(guard);
      throw e;
    }
  }

  /** The user's shell, but with this home and none of the settings of another. */
  private static Shell inner(Shell user, Path home) {
    var environment = new HashMap<String, String>(user.environment());
    environment.keySet().removeIf(name -> name.startsWith("VAULTLAYER_"));
    environment.put("VAULTLAYER_HOME", home.toString());
    return new Shell(
        user.out(),
        user.err(),
        user.errIsTerminal(),
        false,
        user.directory(),
        environment,
        user.clock(),
        user.random(),
        user.installation());
  }

  /** In a session of its own: what is typed at the terminal must not reach it. */
  private static Process guard(Shell user, Path directory) throws IOException {
    boolean setsid =
        user.variable("PATH").stream()
            .flatMap(path -> List.of(path.split(File.pathSeparator)).stream())
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "setsid")));
    var command =
        setsid ? List.of("setsid", "/bin/sh", "-c", GUARD) : List.of("/bin/sh", "-c", GUARD);
    var builder =
        new ProcessBuilder(command)
            .directory(new File("/"))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    var process = builder.start();
    process.getOutputStream().write((directory + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
    return process;
  }

  Shell shell() {
    return shell;
  }

  Plane plane() {
    return plane;
  }

  /** For what the rehearsal itself has to keep for a moment. */
  Path scratch() {
    return directory.resolve("scratch");
  }

  /** Where the local provider keeps its instances. */
  Path instances() {
    return shell.home().resolve("local/instances");
  }

  /** Returns when no process and no file is left. */
  @Override
  public void close() {
    release(guard);
    try {
      guard.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the guard goes on without us
    }
  }

  private static void release(Process guard) {
    try {
      guard.getOutputStream().close();
    } catch (IOException e) {
      // It is gone, and so is its pipe.
      return;
    }
  }
}
