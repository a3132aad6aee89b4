package io.vaultlayer.bench.sim;

import java.util.Optional;

/** How many seeds this run of the tests takes. */
final class Seeds {
  private static final long USUAL = 2_000;

  private Seeds() {}

  static long asked() {
    return Optional.ofNullable(System.getProperty("vaultlayer.sim.seeds"))
        .or(() -> Optional.ofNullable(System.getenv("VAULTLAYER_SIM_SEEDS")))
        .map(Long::parseLong)
        .orElse(USUAL);
  }
}
