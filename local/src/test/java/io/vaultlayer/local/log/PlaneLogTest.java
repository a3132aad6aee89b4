package io.vaultlayer.local.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log stays bounded, each line is a document, and nothing stops it. */
class PlaneLogTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  @TempDir Path directory;

  @Test
  void everyLineIsADocumentWithItsTime() throws Exception {
    try (var log = open()) {
      log.info("ready", Map.of("port", 1));
      log.decision("{\"edge\":\"FENCED\"}");
      log.decision("{\"edge\":\"" + "x".repeat(100_000) + "\"}");
      log.error("broken", Map.of(), new IllegalStateException("why \" not"));
    }
    var lines = Files.readAllLines(file());
    assertThat(lines).hasSize(4);
    for (var line : lines) {
      assertThat(Json.tree(line).get("at").asText()).isEqualTo(NOON.toString());
      assertThat(line.length()).isLessThan(32_000);
    }
    assertThat(lines.get(1)).contains("FENCED");
    assertThat(lines.get(3)).contains("why").contains("PlaneLogTest");
  }

  @Test
  void oldLinesMakeRoomForNewOnes() throws Exception {
    try (var log = open()) {
      var text = "x".repeat(8_000);
      for (int i = 0; i < 2_500; i++) {
        log.info("line", Map.of("number", i, "text", text));
      }
    }
    var older = directory.resolve("plane.log.1");
    assertThat(Files.size(file())).isLessThanOrEqualTo(PlaneLog.MOST_BYTES);
    assertThat(Files.size(older)).isLessThanOrEqualTo(PlaneLog.MOST_BYTES);
    assertThat(Files.readString(file())).contains("\"number\":2499");
  }

  @Test
  void anInterruptedWriterDoesNotEndTheLog() throws Exception {
    try (var log = open()) {
      Thread.currentThread().interrupt();
      log.info("interrupted", Map.of());
      assertThat(Thread.interrupted()).isTrue();
      log.info("after", Map.of());
    }
    assertThat(Files.readString(file())).contains("interrupted").contains("after");
  }

  private PlaneLog open() {
    return new PlaneLog(file(), () -> NOON);
  }

  private Path file() {
    return directory.resolve("plane.log");
  }
}
