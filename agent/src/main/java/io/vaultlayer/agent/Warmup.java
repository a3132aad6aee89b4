package io.vaultlayer.agent;

/** Loads what a start needs, for the JDK to keep in its cache. */
final class Warmup {
  private Warmup() {}

  static void run() {}
}
