package io.vaultlayer.agent.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;

/** The stand-in for nvidia-smi and what it is to say. */
public final class FakeSmi {
  private final Path state;
  private final Path program;

  public FakeSmi(Path directory) throws IOException {
    state = Files.createDirectories(directory.resolve("smi-state"));
    program = Files.createDirectories(directory.resolve("smi-bin")).resolve("nvidia-smi");
    try (var script = FakeSmi.class.getResourceAsStream("/nvidia-smi")) {
      Files.copy(script, program);
    }
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Devices: utilisation, used MiB, all MiB, degrees, watts, uncorrectable errors. */
  public void devices(Object[]... rows) throws IOException {
    var text = new StringBuilder();
    text.append("index\tuuid\tpci.bus_id\tname\tutilization.gpu\tmemory.used\tmemory.total\t");
    text.append("temperature.gpu\tpower.draw\tecc.errors.uncorrected.volatile.total\n");
    for (Object[] row : rows) {
      text.append(row[0]).append("\tGPU-").append(row[0]).append("\t00000000:0");
      text.append(row[0]).append(":00.0\tNVIDIA A100-SXM4-80GB");
      for (int i = 1; i < row.length; i++) {
        text.append('\t').append(row[i]);
      }
      text.append('\n');
    }
    Files.writeString(state.resolve("gpus"), text);
  }

  public static Object[] device(Object... values) {
    return values;
  }

  public void says(String text) throws IOException {
    Files.writeString(state.resolve("says"), text);
  }

  public void hangs(boolean hangs) throws IOException {
    if (hangs) {
      Files.writeString(state.resolve("hang"), "");
    } else {
      Files.deleteIfExists(state.resolve("hang"));
    }
  }

  Path program() {
    return program;
  }

  /** For whoever is to find it. */
  public Map<String, String> environment() {
    var environment = new HashMap<String, String>();
    environment.put("PATH", program.getParent() + ":" + System.getenv("PATH"));
    environment.put("NVIDIA_SMI_STATE", state.toString());
    return environment;
  }
}
