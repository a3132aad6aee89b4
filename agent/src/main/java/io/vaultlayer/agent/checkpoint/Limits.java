package io.vaultlayer.agent.checkpoint;

/**
 * What one checkpoint may hold on its way through an agent of 48 MiB heap. The format allows ten
 * times as many files; an agent that ran out of memory on them would lose the job instead of one
 * checkpoint.
 */
final class Limits {
  static final int MOST_FILES = 10_000;

  /** 400 bytes for each of these files. */
  static final int MOST_MANIFEST_BYTES = 4 << 20;

  private Limits() {}
}
