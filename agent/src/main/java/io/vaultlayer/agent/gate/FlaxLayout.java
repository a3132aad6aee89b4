package io.vaultlayer.agent.gate;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * Flax's own files: {@code checkpoint_<step>} by rename; arrays of several processes lie in {@code
 * checkpoint_<step>_gda}, which is renamed before.
 */
final class FlaxLayout implements Layout {
  static final Pattern FILE = Pattern.compile("checkpoint_\\d+");
  private static final Pattern ARRAYS = Pattern.compile("(.*checkpoint_\\d+)_gda");

  @Override
  public Finding look(String directory, Contents all, OptionalInt world) {
    var arrays = ARRAYS.matcher(directory);
    if (!arrays.matches()) {
      return Finding.nothing();
    }
    String file = arrays.group(1);
    return all.find(Contents.above(file), Contents.last(file)).isPresent()
        ? Finding.nothing()
        : new Finding.Incomplete(file + ", which belongs to " + directory + ", is missing");
  }

  @Override
  public Optional<String> framework(String directory, Contents all) throws IOException {
    for (Part part : all.in(directory).values()) {
      if (FILE.matcher(part.name()).matches() && MsgpackFormat.begins(Formats.head(part))) {
        return Optional.of("flax");
      }
    }
    return Optional.empty();
  }
}
