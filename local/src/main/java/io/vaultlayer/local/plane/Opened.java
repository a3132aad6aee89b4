package io.vaultlayer.local.plane;

import io.vaultlayer.local.log.PlaneLog;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;

/** What was opened, to be closed in the opposite order; one that fails stops no other. */
final class Opened {
  private record Part(String name, AutoCloseable closing) {}

  private final Deque<Part> parts = new ArrayDeque<>();

  <T extends AutoCloseable> T add(String name, T part) {
    parts.push(new Part(name, part));
    return part;
  }

  void close(PlaneLog log) {
    while (!parts.isEmpty()) {
      var part = parts.pop();
      try {
        part.closing().close();
      } catch (Exception e) {
        log.error("stopping", Map.of("part", part.name()), e);
      }
    }
  }
}
