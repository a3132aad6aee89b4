package io.vaultlayer.core.port;

/** What must be true of the stored row for a write to be accepted. */
public sealed interface Expect {
  /** No row with this key (a row past its expiry counts as there until it is deleted). */
  record Absent() implements Expect {}

  /**
   * No row with this key. The one that a put makes goes on counting from {@code version}: it takes
   * the place of a row that the same write deletes elsewhere, and nobody who knew that row may take
   * the new one for an older state of it.
   */
  record AbsentAfter(long version) implements Expect {
    public AbsentAfter {
      if (version < 1) {
        throw new IllegalArgumentException("a stored row's version starts at 1, not " + version);
      }
    }
  }

  /** The row exists with exactly this version. */
  record Version(long number) implements Expect {}

  /** Whatever is there; only for projections, which are rebuilt and written over without harm. */
  record Anything() implements Expect {}

  static Expect absent() {
    return new Absent();
  }

  static Expect absentAfter(long version) {
    return new AbsentAfter(version);
  }

  static Expect version(long number) {
    return new Version(number);
  }

  static Expect anything() {
    return new Anything();
  }
}
