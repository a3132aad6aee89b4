package io.vaultlayer.agent.gate;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Weights in several files, as save_pretrained leaves them: numbered, and named by an index. */
final class ShardIndexLayout implements Layout {
  private static final Pattern INDEX =
      Pattern.compile(".*\\.(?:safetensors|bin|msgpack|h5)\\.index(?:\\.[\\w-]+)?\\.json");

  private static final Pattern NUMBERED =
      Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})(\\.(?:safetensors|bin|msgpack|h5))");

  private static final int MOST_SHARDS = 10_000;

  @Override
  public Finding look(String directory, Contents all, OptionalInt world) throws IOException {
    Map<String, Part> files = all.in(directory);
    for (Part part : files.values()) {
      Optional<String> missing =
          INDEX.matcher(part.name()).matches()
              ? missingOf(part, directory, all)
              : missingBeside(part.name(), files);
      if (missing.isPresent()) {
        return new Finding.Incomplete(Contents.join(directory, missing.get()) + " is missing");
      }
    }
    return Finding.nothing();
  }

  /** Many save their weights so. */
  @Override
  public Optional<String> framework(String directory, Contents all) {
    return Optional.empty();
  }

  /** An index that cannot be read is the format check's affair. */
  private static Optional<String> missingOf(Part index, String directory, Contents all)
      throws IOException {
    TreeSet<String> named = JsonText.weightMap(index, MOST_SHARDS);
    return named.stream()
        .filter(name -> all.find(directory, name).isEmpty() && !isElsewhere(name, directory, all))
        .findFirst();
  }

  private static boolean isElsewhere(String name, String directory, Contents all) {
    int slash = name.lastIndexOf('/');
    return slash > 0
        && all.find(Contents.join(directory, name.substring(0, slash)), name.substring(slash + 1))
            .isPresent();
  }

  private static Optional<String> missingBeside(String name, Map<String, Part> files) {
    Matcher shard = NUMBERED.matcher(name);
    if (!shard.matches() || Integer.parseInt(shard.group(3)) > MOST_SHARDS) {
      return Optional.empty();
    }
    String before = shard.group(1);
    String after = "-of-" + shard.group(3) + shard.group(4);
    int number = Integer.parseInt(shard.group(2));
    if (number > 1 && files.containsKey(before + "-%05d".formatted(number - 1) + after)) {
      return Optional.empty(); // the one before it has been, or will be, asked the same
    }
    for (int n = 1; n <= Integer.parseInt(shard.group(3)); n++) {
      String other = before + "-%05d".formatted(n) + after;
      if (!files.containsKey(other)) {
        return Optional.of(other);
      }
    }
    return Optional.empty();
  }
}
