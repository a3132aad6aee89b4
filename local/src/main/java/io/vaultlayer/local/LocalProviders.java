package io.vaultlayer.local;

import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.local.home.Claimed;
import io.vaultlayer.providers.LocalProvider;
import io.vaultlayer.providers.NvidiaSmi;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;

/** The providers of this deployment: this machine. */
final class LocalProviders {
  private LocalProviders() {}

  /**
   * @throws PlaneRefused when the agent's argument file is not where the launcher said
   */
  static List<Provider> of(Claimed claimed, InstantSource clock, Entropy entropy) {
    var dist = System.getProperty("vaultlayer.dist");
    if (dist == null) {
      return List.of();
    }
    return List.of(machine(claimed, agentCommand(Path.of(dist)), clock, entropy));
  }

  /**
   * @param agent program and arguments of an instance
   */
  static Provider machine(
      Claimed claimed, List<String> agent, InstantSource clock, Entropy entropy) {
    var settings = claimed.settings();
    return new LocalProvider(
        claimed.home().instances(),
        agent,
        new NvidiaSmi(),
        settings.beatSeconds(),
        settings.leaseSeconds(),
        clock,
        entropy);
  }

  /**
   * The options stand in the launcher's file, because a cache serves only those it was made with.
   */
  private static List<String> agentCommand(Path dist) {
    var args = dist.resolve("agent.args");
    if (!Files.isReadable(args)) {
      throw new PlaneRefused(
          "installation",
          "starting the embedded plane: " + args + " cannot be read; build the checkout again");
    }
    return List.of(System.getProperty("vaultlayer.java", java().toString()), "@" + args);
  }

  private static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }
}
