package io.vaultlayer.agent.note;

import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * {@code agent.log}: one line of JSON for each event, {@code {"at","event",...}}. A full disk costs
 * lines, never the job.
 */
public final class AgentLog {
  private static final int MOST_VALUE_CHARACTERS = 500;

  /** A log that grows past this belongs to a fault that its first lines have told already. */
  private static final long MOST_BYTES = 8 << 20;

  private final Path file;
  private final Supplier<Instant> now;
  private long written;

  public AgentLog(Path file, Supplier<Instant> now) {
    this.file = file;
    this.now = now;
  }

  public synchronized void event(String event, Map<String, ?> fields) {
    var line = new LinkedHashMap<String, Object>();
    line.put("at", now.get().toString());
    line.put("event", event);
    fields.forEach((name, value) -> line.put(name, shortened(value)));
    byte[] bytes = (Json.render(line) + "\n").getBytes(StandardCharsets.UTF_8);
    if (written + bytes.length > MOST_BYTES) {
      return;
    }
    try {
      Files.write(file, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      // Nowhere to say it; the next line tries again.
      return;
    }
    written += bytes.length;
  }

  private static Object shortened(Object value) {
    return value instanceof String text && text.length() > MOST_VALUE_CHARACTERS
        ? text.substring(0, MOST_VALUE_CHARACTERS) + "..."
        : value;
  }
}
