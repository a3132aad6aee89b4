package io.vaultlayer.bench.cost;

/** What {@code template.yaml} says that costs; a test holds these figures against it. */
final class Deployment {
  /** The agents' calls and the reaper: their work is waiting. */
  static final int SMALL_MIB = 512;

  static final int OTHER_MIB = 1024;

  static final int TICK_SECONDS = 10;
  static final int TABLES = 4;

  /** Queues with a function behind them. */
  static final int QUEUES = 3;

  /** Messages in one invocation of the provisioner or the reaper. */
  static final int BATCH = 5;

  /**
   * Lambda's pollers of a quiet queue, each waiting up to 20 s: five, going down to two; the
   * larger.
   */
  static final int POLLERS = 5;

  static final double POLLS_PER_MINUTE = POLLERS * 3.0;

  /** Status line and headers of an answer. */
  static final int HEADER_BYTES = 250;

  /** What CloudWatch Logs adds to each line. */
  static final int LOG_LINE_BYTES = 26;

  private Deployment() {}
}
