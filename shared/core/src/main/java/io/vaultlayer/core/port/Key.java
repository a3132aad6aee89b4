package io.vaultlayer.core.port;

/**
 * Primary key of a stored row: both parts 1 to 512 characters; a table without sort key uses {@code
 * "-"}.
 */
public record Key(String partition, String sort) {
  /** The sort part of tables whose rows are found by partition alone. */
  public static final String SINGLE = "-";

  public Key {
    check(partition, "partition");
    check(sort, "sort");
  }

  public static Key of(String partition) {
    return new Key(partition, SINGLE);
  }

  private static void check(String part, String name) {
    if (part == null || part.isEmpty() || part.length() > 512) {
      throw new IllegalArgumentException("key " + name + " must have 1 to 512 characters");
    }
  }
}
