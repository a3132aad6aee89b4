package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The embedded plane: loopback and a bearer token that only this user can read. */
public final class EmbeddedDoor implements Door {
  private static final long POLL_MILLIS = 150;

  private final LocalPlane plane;
  private PlaneInfo info;
  private String token;

  EmbeddedDoor(LocalPlane plane, PlaneInfo info) {
    this.plane = plane;
    adopt(info);
  }

  private void adopt(PlaneInfo found) {
    info = found;
    token = readToken(Path.of(found.tokenFile()));
  }

  public PlaneInfo info() {
    return info;
  }

  @Override
  public String endpoint() {
    return info.endpoint();
  }

  @Override
  public void sign(HttpURLConnection request, byte[] body) {
    request.setRequestProperty("Authorization", "Bearer " + token);
  }

  @Override
  public long pollMillis() {
    return POLL_MILLIS;
  }

  /** Finds the plane that took over meanwhile, or starts it again. */
  @Override
  public boolean revive() throws InterruptedException {
    adopt(plane.ensure());
    return true;
  }

  private static String readToken(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new Failure(
              ExitCode.REFUSED,
              "no_token",
              "reading the token "
                  + file
                  + ": it cannot be read; only the user who started the"
                  + " plane may use it",
              Map.of("file", file.toString()))
          .because(e);
    }
  }
}
