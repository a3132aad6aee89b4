package io.vaultlayer.agent.gate;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** How the training and its GPUs are when a checkpoint is judged. Answers at once. */
public interface Vitals {
  /** The newest loss that the script told. */
  OptionalDouble loss();

  /** Number of processes that take part, as they have said themselves; empty: nobody knows. */
  default OptionalInt worldSize() {
    return OptionalInt.empty();
  }

  /** Why nothing that is saved now is to be trusted, in words for the user. */
  default Optional<String> ailment() {
    return Optional.empty();
  }
}
