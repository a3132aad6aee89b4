package io.vaultlayer.local.template;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page about the embedded plane says all that the code decides about a template. */
class HonouredTest {
  @Test
  void theDocumentationNamesEveryDecisionAndItsReason() throws Exception {
    var page =
        Files.readString(Path.of(System.getProperty("vaultlayer.root"), "docs/embedded-plane.md"));
    for (var row : Honoured.rows()) {
      var line =
          page.lines().filter(l -> l.startsWith("| " + row.type() + " |")).findFirst().orElse("");
      assertThat(line).as(row.toString()).contains("`" + row.property() + "`");
      row.ignoredBecause().ifPresent(reason -> assertThat(line).contains(reason));
    }
  }
}
