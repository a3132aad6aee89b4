package io.vaultlayer.agent.work;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PythonSideTest {
  @TempDir Path directory;

  @Test
  void everyPythonFileOfTheAgentIsLaidOut() throws IOException {
    Path sources = Path.of("src/main/resources/python");
    PythonSide.layOut(directory);
    PythonSide.layOut(directory);
    try (var there = Files.walk(sources);
        var here = Files.walk(directory)) {
      assertThat(here.filter(Files::isRegularFile).map(f -> directory.relativize(f).toString()))
          .containsExactlyInAnyOrderElementsOf(
              there
                  .map(f -> sources.relativize(f).toString())
                  .filter(f -> f.endsWith(".py"))
                  .toList());
    }
  }
}
