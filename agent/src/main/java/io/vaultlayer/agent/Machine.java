package io.vaultlayer.agent;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.agent.work.InstanceDir;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this instance and its machine are called: as {@code instance.json} says, which a provider
 * may have put beside the bootstrap, else by label and host name.
 */
record Machine(String instanceId, String machineId) {
  static Machine read(InstanceDir places, String label) {
    JsonNode said;
    try {
      said = Json.tree(Files.readString(places.root().resolve("instance.json")));
    } catch (IOException | Json.MalformedJson e) {
      said = Json.tree("{}");
    }
    String machine = said.path("machineId").asText("");
    return new Machine(
        said.path("instanceId").asText(label), machine.isEmpty() ? hostName() : machine);
  }

  private static String hostName() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).trim();
    } catch (IOException e) {
      return "unknown";
    }
  }

  static String version() {
    String version = Machine.class.getPackage().getImplementationVersion();
    return version == null ? "0" : version;
  }
}
