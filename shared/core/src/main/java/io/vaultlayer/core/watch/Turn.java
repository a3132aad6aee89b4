package io.vaultlayer.core.watch;

/** What a tick may do, and why. */
public sealed interface Turn {
  Why why();

  /**
   * @param memory to be stored on the condition that nobody else took the turn; then the sweep
   *     begins
   */
  record Sweep(Memory memory, Why why) implements Turn {}

  /**
   * @param callAgain one more tick must follow, since none may have been called for: a sweep
   *     without work calls nobody, while the caller knows of a job
   */
  record Skip(boolean callAgain, Why why) implements Turn {}

  /** Why a tick does what it does. */
  enum Why {
    /** No tick was ever stored: everything is watched from now on. */
    FIRST,
    ON_TIME,
    /**
     * Ticks were missing: the absence is stored with the turn, so that no later tick forgets it.
     */
    AWAY,
    /** The last tick lies in the future: watching begins anew. */
    CLOCK_SET_BACK,
    /** The last sweep had its turn and stored nothing of what it saw. */
    LAST_DIED,
    ANOTHER_SWEEPS,
    JUST_SWEPT;

    /** True when the watchdog has not watched until now, so that silence proves nothing. */
    public boolean isAbsence() {
      return switch (this) {
        case FIRST, AWAY, CLOCK_SET_BACK -> true;
        case ON_TIME, LAST_DIED, ANOTHER_SWEEPS, JUST_SWEPT -> false;
      };
    }
  }
}
