package io.vaultlayer.agent.lease;

/** The two clocks of a host. Both in nanoseconds; the wall clock's origin is 1970. */
public interface Clocks {
  long monotonic();

  long wall();
}
