package io.vaultlayer.bench.detect;

/** How much is played. */
record Plan(
    long seed,
    int deaths,
    int deathsPerWorld,
    int jobs,
    int outageJobs,
    int silences,
    int notices,
    double plainMonths) {
  static Plan full(long seed, int deaths) {
    return new Plan(seed, deaths, 2500, 400, 1000, 2000, 1000, 1);
  }

  static Plan quick(long seed, int deaths) {
    return new Plan(seed, deaths, 1000, 200, 1000, 300, 200, 0);
  }

  /** Shares of the three classes: the cheaper to play, the more of them. */
  int deaths(DeathClass how) {
    return switch (how) {
      case CONFIRMED -> deaths - deaths(DeathClass.SILENT) - deaths(DeathClass.SAYS_RUNNING);
      case SILENT -> deaths * 28 / 100;
      case SAYS_RUNNING -> deaths * 12 / 100;
    };
  }
}
