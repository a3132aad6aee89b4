package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** The embedded plane of this home: is it there, and if not, start it. */
public final class LocalPlane {
  private final Shell shell;
  private final Path directory;

  private LocalPlane(Shell shell) {
    this.shell = shell;
    this.directory = shell.home().resolve("local");
  }

  /**
   * @throws Failure when the home is something else than a directory: nothing found there would
   *     look like nothing there
   */
  public static LocalPlane of(Shell shell) {
    if (Files.exists(shell.home()) && !Files.isDirectory(shell.home())) {
      throw Failure.refused(
          "home_unusable",
          "using the home "
              + shell.home()
              + ": it is no directory; set VAULTLAYER_HOME to another one");
    }
    return new LocalPlane(shell);
  }

  /** True when this home has held a plane before; its jobs are worth starting it for. */
  public boolean hasData() {
    return Files.exists(directory.resolve("store.db"));
  }

  /** The plane that {@code plane.json} names, if its process lives. It may still be starting. */
  public Optional<PlaneInfo> running() {
    try {
      var info = Json.parse(Files.readString(directory.resolve("plane.json")), PlaneInfo.class);
      return info.endpoint() != null && info.tokenFile() != null && isPlane(info.pid())
          ? Optional.of(info)
          : Optional.empty();
    } catch (IOException | Json.MalformedJson e) {
      return Optional.empty();
    }
  }

  /** The plane, when it runs and answers. */
  public Optional<PlaneInfo> live() throws InterruptedException {
    var found = running();
    return found.isPresent() && answers(found.get()) ? found : Optional.empty();
  }

  /** A door that never starts a plane. */
  public Door door(PlaneInfo info) {
    return new Once(info);
  }

  /** A process id may have gone to another program since; Linux tells which program it is. */
  public static boolean isPlane(long pid) {
    var handle = ProcessHandle.of(pid);
    if (pid <= 0 || handle.isEmpty() || !handle.get().isAlive()) {
      return false;
    }
    var line = Path.of("/proc", Long.toString(pid), "cmdline");
    try {
      var text = Files.readString(line, java.nio.charset.StandardCharsets.ISO_8859_1);
      return text.contains("java") || text.isEmpty();
    } catch (IOException e) {
      return true;
    }
  }

  /** A running plane that answers. @throws Failure when it cannot be had */
  public PlaneInfo ensure() throws InterruptedException {
    var found = running();
    if (found.isPresent() && answers(found.get())) {
      return found.get();
    }
    try {
      makePrivate(shell.home());
      makePrivate(directory);
      var options = java.util.Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try (var channel = FileChannel.open(directory.resolve("start.lock"), options);
          var lock = channel.lock()) {
        if (!lock.isValid()) {
          throw new IOException("the lock was lost");
        }
        var meanwhile = running();
        if (meanwhile.isPresent() && answers(meanwhile.get())) {
          return meanwhile.get();
        }
        return new PlaneStart(shell, this, directory).start();
      }
    } catch (IOException e) {
      throw Failure.refused(
              "home_unusable",
              "starting the embedded plane in "
                  + directory
                  + ": "
                  + e.getMessage()
                  + "; make the directory writable or set VAULTLAYER_HOME to another")
          .because(e);
    }
  }

  private static void makePrivate(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  /** True when the plane serves requests. */
  boolean answers(PlaneInfo info) throws InterruptedException {
    try {
      new Plane(new Once(info)).getText("/local/status");
      return true;
    } catch (Failure | Refusal e) {
      return false;
    }
  }

  /** A door that is tried once. */
  private record Once(PlaneInfo info) implements Door {
    @Override
    public String endpoint() {
      return info.endpoint();
    }

    @Override
    public void sign(java.net.HttpURLConnection request, byte[] body) {
      try {
        var token = Files.readString(Path.of(info.tokenFile())).strip();
        request.setRequestProperty("Authorization", "Bearer " + token);
      } catch (IOException e) {
        // The plane then refuses, which is an answer too.
      }
    }

    @Override
    public long pollMillis() {
      return 0;
    }

    @Override
    public boolean revive() {
      return false;
    }
  }
}
