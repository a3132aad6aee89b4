package io.vaultlayer.bench.sim;

/** One machine that a provider rents to us: what is true of it, whatever the provider says. */
public final class Instance {
  final int number;
  final Cloud cloud;
  final String label;
  final String machine;
  final double usdPerHour;
  final long createdAt;

  /** From then on an honest list shows it. */
  long visibleAt;

  /** From then on its provider has promised to show it. */
  long promisedAt;

  /** When it was gone and cost nothing any more; -1 while it exists. */
  long endedAt = -1;

  /** It exists and costs, but runs nothing. */
  boolean stopped;

  /** A terminate that takes its time ends it then; -1: none. */
  long endsAt = -1;

  /** When its provider last said something of it that was not so; -1: never. */
  long liedAt = -1;

  /** When a list did not show it yet; -1: never. */
  long unseenAt = -1;

  /** Its whole cost was booked. */
  boolean booked;

  /** When somebody, the host's owner or the user, took it away on purpose or by accident. */
  long lostAt = -1;

  Instance(
      int number,
      Cloud cloud,
      String label,
      String machine,
      double usdPerHour,
      long createdAt,
      long visibleAt) {
    this.number = number;
    this.cloud = cloud;
    this.label = label;
    this.machine = machine;
    this.usdPerHour = usdPerHour;
    this.createdAt = createdAt;
    this.visibleAt = visibleAt;
  }

  String id() {
    return "i-" + number;
  }

  boolean exists() {
    return endedAt < 0;
  }

  /** Something can run on it. */
  boolean runs() {
    return exists() && !stopped;
  }
}
