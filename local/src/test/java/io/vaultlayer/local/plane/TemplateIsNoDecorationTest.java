package io.vaultlayer.local.plane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import io.vaultlayer.local.template.TemplateReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Takes one line out of the parsed template and walks a job through the plane: some named check
 * must fail. All of them with {@code -Dvaultlayer.removals=all} (about half an hour on two cores),
 * else a sample drawn from {@code -Dvaultlayer.seed}.
 */
class TemplateIsNoDecorationTest {
  private static final Path TEMPLATE = Path.of("..", "template.yaml");
  private static final String WANTED = System.getProperty("vaultlayer.removals", "3");
  private static final long SEED =
      Long.getLong("vaultlayer.seed", System.currentTimeMillis() / 86_400_000);

  @TempDir Path directory;

  @Test
  void theWholeTemplateCarriesAJobFromEndToEnd() {
    assertThat(broken(UnaryOperator.identity())).isEmpty();
  }

  @TestFactory
  Stream<DynamicTest> everyLineTakenOutBreaksANamedCheck() {
    return drawn().stream()
        .map(removal ->
            DynamicTest.dynamicTest(
                removal.name() + " (seed " + SEED + ")",
                () -> {
                  var broken = broken(removal.change());
                  if (broken.isEmpty()) {
                    fail("nothing broke without " + removal.name());
                  }
                  System.out.println("without " + removal.name() + ": " + broken);
                }));
  }

  private List<Removal> drawn() {
    var template =
        TemplateReader.read(
            TEMPLATE, Map.of(), new LocalNames("http://127.0.0.1:1", "http://127.0.0.1:2"));
    var all = new ArrayList<>(Removal.all(template));
    assertThat(all).hasSizeGreaterThan(100);
    if (WANTED.equals("all")) {
      return all;
    }
    if (!WANTED.matches("\\d+")) {
      return all.stream().filter(r -> r.name().contains(WANTED)).toList();
    }
    Collections.shuffle(all, new Random(SEED));
    return all.subList(0, Integer.parseInt(WANTED));
  }

  /** The check that failed, or nothing. */
  private String broken(UnaryOperator<Template> change) {
    try {
      var own = Files.createTempDirectory(directory, "walk");
      try (var walk = new Walk(own, TEMPLATE, change)) {
        walk.run();
        return "";
      }
    } catch (Walk.Failed | PlaneRefused e) {
      return e.getMessage();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
