package io.vaultlayer.agent.host;

/**
 * How a process ended, as the kernel says it: an exit code of 137 and a death by signal 9 differ.
 */
public sealed interface Ending {
  record Exited(int code) implements Ending {}

  record Signalled(int signal) implements Ending {}

  /** It is gone and nobody could say how. */
  record Unknown() implements Ending {}

  /** Reads a status of wait(2). */
  static Ending of(int status) {
    int signal = status & 0x7f;
    return signal == 0 ? new Exited(status >> 8 & 0xff) : new Signalled(signal);
  }
}
