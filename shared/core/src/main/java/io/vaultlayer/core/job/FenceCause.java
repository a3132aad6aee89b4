package io.vaultlayer.core.job;

/** Why an epoch is ended from outside. */
public enum FenceCause {
  /** The deadline passed, and the stored grace if there is one. */
  SILENCE,
  /**
   * The provider's complete list, or its webhook, shows the loss and no beat came since it was
   * asked.
   */
  CONFIRMED,
  /** The notice's time is over. */
  DRAIN_OVER,
  /**
   * It makes no step, and restarting it in place did not happen in time, or did not help: the job
   * goes to another machine.
   */
  STALLED,
  /** A second attempt token came with a used bootstrap token. */
  COPIED_TOKEN
}
