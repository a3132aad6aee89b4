package io.vaultlayer.agent.gpu;

import java.util.List;

/** Asks the driver for its devices. */
@FunctionalInterface
interface Smi {
  /** Returns within a few seconds, whatever the driver does. */
  Answer ask();

  /** What came of it. */
  sealed interface Answer {
    record Devices(List<Gpu> gpus) implements Answer {}

    /** It ended, and said this instead. */
    record Refused(String text) implements Answer {}

    /** It did not end in time: a driver that hangs. */
    record Silent() implements Answer {}
  }
}
