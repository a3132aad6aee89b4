package io.vaultlayer.bench.peer;

/** What is the same for every contender. */
final class Setting {
  /** From the create to a registered or reachable host: image, environment, start. */
  static final long BOOT_MILLIS = 180_000;

  /** Between two committed checkpoints. */
  static final long CHECKPOINT_MILLIS = 600_000;

  private Setting() {}
}
