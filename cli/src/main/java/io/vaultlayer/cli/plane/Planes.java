package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.Shell;
import java.util.Optional;

/** Finds the control plane that a command talks to. */
public final class Planes {
  private Planes() {}

  /** The configured plane, or the embedded one, started when it does not run. */
  public static Plane start(Shell shell) throws InterruptedException {
    var deployed = deployed(shell);
    if (deployed.isPresent()) {
      return deployed.get();
    }
    return embedded(shell);
  }

  /** The embedded plane, whatever is configured. */
  public static Plane embedded(Shell shell) throws InterruptedException {
    return of(LocalPlane.of(shell));
  }

  /** A plane whose process lives is taken at its word; the door revives it if that was wrong. */
  private static Plane of(LocalPlane local) throws InterruptedException {
    var running = local.running();
    return new Plane(new EmbeddedDoor(local, running.isPresent() ? running.get() : local.ensure()));
  }

  /**
   * The same, but empty when the home holds no data of an embedded plane: then there is nothing to
   * list and nothing to find.
   */
  public static Optional<Plane> find(Shell shell) throws InterruptedException {
    var deployed = deployed(shell);
    if (deployed.isPresent()) {
      return deployed;
    }
    var local = LocalPlane.of(shell);
    return local.running().isPresent() || local.hasData()
        ? Optional.of(of(local))
        : Optional.empty();
  }

  /** The configured plane, or the embedded one where it runs; none is started. */
  public static Optional<Plane> running(Shell shell) throws InterruptedException {
    var deployed = deployed(shell);
    if (deployed.isPresent()) {
      return deployed;
    }
    var local = LocalPlane.of(shell);
    return local.live().map(info -> new Plane(local.door(info)));
  }

  private static Optional<Plane> deployed(Shell shell) {
    var config = Config.load(shell);
    return config.endpoint().map(endpoint -> new Plane(DeployedDoor.of(endpoint, config, shell)));
  }

  /** A deployed plane that is not configured yet. */
  public static Plane at(String endpoint, Shell shell) {
    return new Plane(DeployedDoor.of(endpoint, Config.load(shell), shell));
  }
}
