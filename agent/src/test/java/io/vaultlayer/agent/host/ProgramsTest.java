package io.vaultlayer.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramsTest {
  @TempDir Path directory;

  @Test
  void theFirstExecutableOfThePathIsTaken() throws Exception {
    Path one = Files.createDirectories(directory.resolve("one"));
    Path two = Files.createDirectories(directory.resolve("two"));
    Files.writeString(one.resolve("tool"), "");
    Path tool = Files.writeString(two.resolve("tool"), "");
    assertThat(tool.toFile().setExecutable(true)).isTrue();
    assertThat(Programs.find("tool", one + ":" + two, directory)).contains(tool);
    assertThat(Programs.find("tool", one.toString(), directory)).isEmpty();
    assertThat(Programs.find("two/tool", "", directory)).contains(tool);
    assertThat(Programs.find("two", directory.toString(), directory)).isEmpty();
    assertThat(Programs.find("sh", null, directory)).isPresent();
  }
}
