package io.vaultlayer.agent.gate;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * {@code Accelerator.save_state}: every rank leaves its {@code random_states_<rank>.pkl}, and
 * nothing says that it was the last. So it is never proven, only missing something or not.
 */
final class AccelerateLayout implements Layout {
  private static final Pattern RANDOM = Pattern.compile("random_states_(\\d+)\\.pkl");

  @Override
  public Finding look(String directory, Contents all, OptionalInt world) {
    TreeSet<Integer> ranks = all.ranks(directory, RANDOM);
    if (ranks.isEmpty()) {
      return Finding.nothing();
    }
    OptionalInt rank = Contents.Ranks.missing(ranks, world);
    return rank.isPresent()
        ? new Finding.Incomplete(
            Contents.join(directory, "random_states_" + rank.getAsInt() + ".pkl")
                + " of rank "
                + rank.getAsInt()
                + " is missing")
        : Finding.nothing();
  }

  @Override
  public Optional<String> framework(String directory, Contents all) {
    return all.ranks(directory, RANDOM).isEmpty() ? Optional.empty() : Optional.of("accelerate");
  }
}
