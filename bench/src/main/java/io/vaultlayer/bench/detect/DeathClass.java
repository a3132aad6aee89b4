package io.vaultlayer.bench.detect;

/**
 * What the provider says when a host has died. The rates keep the share of late leases near 4 %,
 * well under the tenth that opens the watchdog's breaker: a lease is late from 25 s of silence
 * until it is fenced, about 20 s where silence decides and 40 s where a provider insists.
 */
enum DeathClass {
  /** The next complete list shows that it is gone. */
  CONFIRMED("confirmed", 0.003),
  /** Lists and describes give no answer. */
  SILENT("silent", 0.002),
  /** It says that the host runs: a machine that lost its network, or its power supply's mind. */
  SAYS_RUNNING("saysRunning", 0.0009);

  final String field;

  /** Deaths per second and live job. */
  final double rate;

  DeathClass(String field, double rate) {
    this.field = field;
    this.rate = rate;
  }
}
