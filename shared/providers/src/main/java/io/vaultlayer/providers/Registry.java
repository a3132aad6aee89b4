package io.vaultlayer.providers;

import java.util.List;

/**
 * Every provider that the product names. Promotion to validated is a one-line edit after a green
 * smoke row.
 */
public final class Registry {
  private static final String LATER = "its adapter is not built yet";

  private Registry() {}

  /**
   * @param status {@code validated} or {@code planned}
   */
  public record Entry(String name, String status, String evidence, String reason) {}

  public static List<Entry> all() {
    return List.of(new Entry("local", "validated", "end-to-end tests with real processes", null));
  }

  static Entry planned(String name) {
    return new Entry(name, "planned", null, LATER);
  }
}
