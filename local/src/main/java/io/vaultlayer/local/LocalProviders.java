package io.vaultlayer.local;

import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.local.home.Claimed;
import io.vaultlayer.providers.LocalProvider;
import io.vaultlayer.providers.NvidiaSmi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** The providers of this deployment: this machine. */
final class LocalProviders {
  private LocalProviders() {}

  /**
   * @throws PlaneRefused when the agent's class path is not where the launcher said
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

  private static List<String> agentCommand(Path dist) {
    var classPath = dist.resolve("agent.cp");
    try {
      var command = new ArrayList<String>();
      command.add(System.getProperty("vaultlayer.java", java().toString()));
      command.add("-XX:AOTCache=" + dist.resolve("agent.aot"));
      command.add("-XX:AOTMode=auto");
      command.add("-Xlog:disable");
      command.add("-XX:+UseSerialGC");
      command.add("-XX:TieredStopAtLevel=1");
      command.add("-Xmx48m");
      command.add("-Xss512k");
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("-cp");
      command.add(Files.readString(classPath).strip());
      command.add("io.vaultlayer.agent.AgentMain");
      return command;
    } catch (IOException e) {
      throw new PlaneRefused(
          "installation",
          "starting the embedded plane: " + classPath + " cannot be read; build the checkout again",
          e);
    }
  }

  private static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }
}
