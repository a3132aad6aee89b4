package io.vaultlayer.core.port;

/** What must be true of the stored row for a write to be accepted. */
public sealed interface Expect {
  /** No row with this key (a row past its expiry counts as there until it is deleted). */
  record Absent() implements Expect {}

  /** The row exists with exactly this version. */
  record Version(long number) implements Expect {}

  /** Whatever is there; only for projections, which are rebuilt and written over without harm. */
  record Anything() implements Expect {}

  static Expect absent() {
    return new Absent();
  }

  static Expect version(long number) {
    return new Version(number);
  }

  static Expect anything() {
    return new Anything();
  }
}
