package io.vaultlayer.local.log;

import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.wire.Json;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code plane.log}: one JSON line for each decision, newest file and one older one, each of at
 * most {@value #MOST_BYTES} bytes. Callers put no secret in; a full disk loses lines, never work.
 */
public final class PlaneLog implements AutoCloseable {
  static final int MOST_BYTES = 8 << 20;
  private static final int MOST_LINE = 16 << 10;

  private final Path file;
  private final InstantSource clock;
  private OutputStream out;
  private long written;

  public PlaneLog(Path file, InstantSource clock) {
    this.file = file;
    this.clock = clock;
    try {
      open();
    } catch (IOException e) {
      throw new PlaneRefused(
          "log", "opening the log " + file + ": " + e.getMessage() + "; check the disk", e);
    }
  }

  public void info(String what, Map<String, ?> facts) {
    line("info", what, facts);
  }

  public void warn(String what, Map<String, ?> facts) {
    line("warn", what, facts);
  }

  /** Something of ours is broken; {@code cause} is told with its stack. */
  public void error(String what, Map<String, ?> facts, Throwable cause) {
    var with = new LinkedHashMap<String, Object>(facts);
    var trace = new StringBuilder();
    int depth = 0;
    for (Throwable one = cause; one != null && depth < 5; one = one.getCause(), depth++) {
      trace.append(depth == 0 ? "" : " <- ").append(one);
      var frames = one.getStackTrace();
      for (int i = 0; i < Math.min(frames.length, 12); i++) {
        trace.append(" at ").append(frames[i]);
      }
    }
    with.put("error", trace.toString());
    line("error", what, with);
  }

  /** A line that is one already: a function's own record of a decision. */
  public void decision(String json) {
    if (json.length() > MOST_LINE) {
      line("info", "decision", Map.of("cut", json.substring(0, MOST_LINE / 2)));
    } else {
      append("{\"at\":\"" + clock.instant() + "\"," + json.substring(1));
    }
  }

  private void line(String level, String what, Map<String, ?> facts) {
    var line = new LinkedHashMap<String, Object>();
    line.put("at", clock.instant().toString());
    line.put("level", level);
    line.put("what", what);
    line.putAll(facts);
    var text = Json.render(line);
    if (text.length() > MOST_LINE) {
      text =
          Json.render(
              Map.of("what", what, "level", level, "cut", text.substring(0, MOST_LINE / 2)));
    }
    append(text);
  }

  private synchronized void append(String text) {
    try {
      var bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
      if (written + bytes.length > MOST_BYTES) {
        out.close();
        Files.move(file, older(), StandardCopyOption.REPLACE_EXISTING);
        open();
      }
      out.write(bytes);
      written += bytes.length;
    } catch (IOException e) {
      // A log that cannot be written must not stop the plane; the next line tries again.
      reopen();
    }
  }

  /** A stream of its own kind: one of a channel would be closed by any interrupted writer. */
  private void open() throws IOException {
    out = new FileOutputStream(file.toFile(), true);
    written = Files.size(file);
  }

  private void reopen() {
    try {
      out.close();
      open();
    } catch (IOException e) {
      written = 0;
    }
  }

  private Path older() {
    return file.resolveSibling(file.getFileName() + ".1");
  }

  @Override
  public synchronized void close() {
    try {
      out.close();
    } catch (IOException e) {
      // Nothing is buffered that could be lost.
    }
  }
}
