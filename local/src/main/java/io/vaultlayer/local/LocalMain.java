package io.vaultlayer.local;

import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.local.home.Claimed;
import io.vaultlayer.local.home.Home;
import io.vaultlayer.local.home.Status;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.plane.Plane;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The embedded plane as a process. Ends with 0 when it was asked to go down or another plane of the
 * same home already runs, with 3 when it cannot start; the reason is the last line on stderr, and
 * its stable code stands before it.
 *
 * <p>System properties, given by the launcher: {@code vaultlayer.template} (template.yaml), {@code
 * vaultlayer.dist} (agent.cp, agent.aot), {@code vaultlayer.java}, {@code vaultlayer.train}.
 */
public final class LocalMain {
  private static final int REFUSED = 3;

  /** The watchdog's pace here: one machine is looked at more often than a fleet. */
  private static final String TICK_SECONDS = "1";

  /**
   * No second owner can arise while this plane is down, so agents freeze only after ten minutes.
   */
  private static final String PARK_SECONDS = "600";

  private static final Duration FIRST_READY = Duration.ofSeconds(30);

  private LocalMain() {}

  public static void main(String[] args) {
    OwnProcess.prepare();
    int exit;
    try {
      exit = run(System.getenv());
    } catch (PlaneRefused e) {
      OwnProcess.ERR.println("vl-code: " + e.code());
      OwnProcess.ERR.println("vl: " + e.getMessage());
      exit = REFUSED;
    } catch (RuntimeException | InterruptedException e) {
      e.printStackTrace(OwnProcess.ERR);
      OwnProcess.ERR.println(
          "vl: starting the embedded plane: it failed (" + e + "); this is a bug");
      exit = REFUSED;
    }
    OwnProcess.ERR.flush();
    OwnProcess.OUT.flush();
    // Parts of other makers leave threads behind that would keep the process.
    Runtime.getRuntime().halt(exit);
  }

  private static int run(Map<String, String> environment) throws InterruptedException {
    if (Boolean.getBoolean("vaultlayer.train")) {
      return Training.run();
    }
    var entropy = entropy();
    var home = Home.of(environment, System.getProperty("user.home"));
    var claimed = Claimed.take(home, environment, entropy);
    if (claimed.isEmpty()) {
      return other(home);
    }
    var clock = Clock.tickMillis(ZoneOffset.UTC);
    var log = new PlaneLog(home.log(), clock);
    OwnProcess.logOutput(log);
    try (var plane = Plane.start(claimed.get(), plan(entropy, clock), log)) {
      OwnProcess.OUT.println(plane.status().endpoint());
      OwnProcess.stopOnSignal(plane);
      plane.await();
    }
    return 0;
  }

  private static Plane.Plan plan(Entropy entropy, InstantSource clock) {
    return plan(entropy, clock, claimed -> LocalProviders.of(claimed, clock, entropy));
  }

  static Plane.Plan plan(
      Entropy entropy, InstantSource clock, Function<Claimed, List<Provider>> providers) {
    return new Plane.Plan(
        Path.of(System.getProperty("vaultlayer.template", "template.yaml")),
        Map.of("TickSeconds", TICK_SECONDS, "ParkSeconds", PARK_SECONDS),
        providers,
        System.getProperty("vaultlayer.version", "0.1.0"),
        clock,
        entropy);
  }

  static Entropy entropy() {
    var random = new SecureRandom();
    return count -> {
      var bytes = new byte[count];
      random.nextBytes(bytes);
      return bytes;
    };
  }

  /** Another process holds the home: it is the plane, or becomes it in a moment. */
  private static int other(Home home) throws InterruptedException {
    long until = System.nanoTime() + FIRST_READY.toNanos();
    Optional<Status> status = Status.read(home.status());
    while (status.isEmpty() && System.nanoTime() < until) {
      Thread.sleep(50);
      status = Status.read(home.status());
    }
    if (status.isEmpty()) {
      throw new PlaneRefused(
          "plane_busy",
          "starting the embedded plane: another one holds "
              + home.lock()
              + " and is not ready; wait for it, or end that process");
    }
    OwnProcess.ERR.println(
        "vl: an embedded plane of this home already runs (process " + status.get().pid() + ")");
    OwnProcess.OUT.println(status.get().endpoint());
    return 0;
  }
}
