package io.vaultlayer.tests;

import io.vaultlayer.core.lease.TokenHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Work directories with one training script each, and what the script makes undisturbed. */
final class Scripts {
  static final Path SHIPPED = Home.CHECKOUT.resolve("examples/tests/scripts");
  private static final Path OWN = Home.CHECKOUT.resolve("tests/src/test/scripts");

  private Scripts() {}

  /** A new work directory that holds only this script. */
  static Path directory(String script) {
    try {
      var directory = Files.createTempDirectory("vl work ");
      var from = Files.exists(OWN.resolve(script)) ? OWN : SHIPPED;
      Files.copy(from.resolve(script), directory.resolve(script));
      return directory;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A new work directory with a script of these lines. */
  static Path directory(String script, String text) {
    try {
      var directory = Files.createTempDirectory("vl work ");
      Files.writeString(directory.resolve(script), text);
      return directory;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Digest of the weights that the script makes when nobody disturbs it, without VaultLayer. */
  static String undisturbed(String script, String... arguments) {
    var directory = directory(script);
    var command = new ArrayList<>(List.of("python3", script));
    command.addAll(List.of(arguments));
    try {
      var process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new AssertionError(command + " did not end well");
      }
      return TokenHash.ofBytes(Files.readAllBytes(directory.resolve("outputs/weights.bin")));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      Home.delete(directory);
    }
  }
}
