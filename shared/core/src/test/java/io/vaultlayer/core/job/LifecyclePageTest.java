package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LifecyclePageTest {
  private static final Path PAGE =
      Path.of(System.getProperty("vaultlayer.root"), "docs", "job-lifecycle.md");

  private static String generated;

  @BeforeAll
  static void generate() throws IOException {
    generated = LifecyclePage.render(Probe.of(1, 5000));
    if (Boolean.getBoolean("vaultlayer.write")) {
      Files.writeString(PAGE, generated);
    }
  }

  @Test
  void theCommittedPageIsTheGeneratedOne() throws IOException {
    assertThat(Files.readString(PAGE))
        .as("docs/job-lifecycle.md; write it anew with -Dvaultlayer.write=true and review it")
        .isEqualTo(generated);
  }
}
