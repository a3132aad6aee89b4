package io.vaultlayer.agent.work;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The files that a script's Python finds on PYTHONPATH: the helper module and the import hook. */
final class PythonSide {
  /** Named one by one, because looking through a jar costs the start more than copying them. */
  static final List<String> FILES =
      List.of(
          "sitecustomize.py",
          "vaultlayer_checkpoint.py",
          "vaultlayer_hook/__init__.py",
          "vaultlayer_hook/accelerate.py",
          "vaultlayer_hook/asking.py",
          "vaultlayer_hook/core.py",
          "vaultlayer_hook/dcp.py",
          "vaultlayer_hook/deepspeed.py",
          "vaultlayer_hook/flax.py",
          "vaultlayer_hook/huggingface.py",
          "vaultlayer_hook/keeper.py",
          "vaultlayer_hook/lightning.py",
          "vaultlayer_hook/loops.py",
          "vaultlayer_hook/mirror.py",
          "vaultlayer_hook/orbax.py",
          "vaultlayer_hook/report.py",
          "vaultlayer_hook/resume.py",
          "vaultlayer_hook/rng.py");

  private PythonSide() {}

  static void layOut(Path directory) throws IOException {
    Files.createDirectories(directory.resolve("vaultlayer_hook"));
    for (String file : FILES) {
      try (InputStream in =
          PythonSide.class.getClassLoader().getResourceAsStream("python/" + file)) {
        if (in == null) {
          throw new FileNotFoundException("python/" + file + " is not in the agent");
        }
        Files.copy(in, directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
