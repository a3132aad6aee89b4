package io.vaultlayer.cli;

/** Exercises what commands need at start, so that an ahead-of-time cache can be made of it. */
final class Training {
  private Training() {}

  static int run() {
    return 0;
  }
}
