package io.vaultlayer.agent.gate;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/** What one framework leaves in a directory, and how one sees that all of it is there. */
interface Layout {
  /**
   * @param directory one of {@code all}, the top level as an empty name
   * @param world number of processes that take part; empty where nobody knows
   * @return {@link Finding#nothing} where the directory is none of this framework's
   */
  Finding look(String directory, Contents all, OptionalInt world) throws IOException;

  /** Whose directory it is; empty where others leave such files too. */
  Optional<String> framework(String directory, Contents all) throws IOException;
}
