package io.vaultlayer.agent.attempt;

/** How an attempt has left the agent. */
public sealed interface Outcome {
  /** The control plane knows how it ended; nothing is left to do. */
  record Reported() implements Outcome {}

  /**
   * The process was lost on a sound host: the next epoch may be asked for.
   *
   * @param outcome as it is reported: {@code lost} or {@code stalled}
   */
  record Lost(String outcome, String detail, Long firstStep, Long lastStep) implements Outcome {}

  record Fenced(String message) implements Outcome {}

  record Dead() implements Outcome {}

  /** The end could not be reported: the control plane does not take the report. */
  record Unreported(String message) implements Outcome {}
}
