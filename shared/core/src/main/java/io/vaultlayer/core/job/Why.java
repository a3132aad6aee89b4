package io.vaultlayer.core.job;

import java.util.Locale;

/**
 * Reasons for not acting on an event. Each is an answer to a caller, or a line in the decision log.
 */
public enum Why {
  /** The caller's epoch or token no longer owns the job: it must stop. */
  FENCED,
  /** The token is not the one that owns the current epoch. */
  WRONG_TOKEN,
  /** The bootstrap token is unknown, spent or too old. */
  WRONG_BOOTSTRAP,
  /** The bootstrap token was used before with another attempt token: somebody copied it. */
  BOOTSTRAP_COPIED,
  /** A successor registered before the fence that it waits for. */
  NOT_YET,
  /** The job has ended; final states are final. */
  JOB_ENDED,
  /** The job succeeded; there is nothing to resume. */
  JOB_SUCCEEDED,
  /** The job has not ended, so it cannot be resumed. */
  JOB_NOT_ENDED,
  /** The epoch that the caller saw is not the current one. */
  EPOCH_MOVED,
  /** The item changed since the caller read it. */
  SEQUENCE_MOVED,
  /** Nothing is due yet. */
  NOT_DUE,
  /** The work directory has not arrived. */
  NOT_ARMED,
  /** Somebody else holds the claim. */
  CLAIMED_BY_OTHER,
  /** The state does not take this event. */
  WRONG_STATE,
  /** An open launch must be resolved first. */
  LAUNCH_OPEN,
  /** No open launch has this number. */
  LAUNCH_UNKNOWN,
  /** The beat is not newer than the last one. */
  BEAT_NOT_NEWER,
  /** The step is not greater than the committed one. */
  STEP_NOT_NEWER,
  /** The pointer is another one than the caller saw. */
  POINTER_MOVED,
  /** The deadline, the grace or the drain has not passed. */
  DEADLINE_NOT_PASSED,
  /** Already suspected; a grace is never restarted for the same silence. */
  GRACE_RUNNING,
  /** The step advanced not long ago, or none is told. */
  STEP_ADVANCED,
  /** A successor is declared already. */
  SUCCESSOR_DECLARED,
  /** Failover is off, or the attempts or the successors of this drain are used up. */
  SUCCESSOR_FORBIDDEN,
  /** A launch is bound, so nothing may be salvaged for this epoch. */
  LAUNCH_BOUND,
  /** Nothing was left to settle. */
  NOTHING_TO_SETTLE;

  /** The stable code on the wire. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }
}
