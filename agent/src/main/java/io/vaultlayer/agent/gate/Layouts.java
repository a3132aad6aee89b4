package io.vaultlayer.agent.gate;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** Looks at the parts of a checkpoint with every layout that is known. */
public final class Layouts {
  /** Those that save by means of others come first: they give a checkpoint its name. */
  private static final List<Layout> ALL =
      List.of(
          new ShardIndexLayout(),
          new TrainerLayout(),
          new LightningLayout(),
          new AccelerateLayout(),
          new OrbaxLayout(),
          new DeepSpeedLayout(),
          new DistributedTorchLayout(),
          new FlaxLayout());

  private static final int MOST_WARNINGS = 8;
  private static final String HOOK_NOTE = "vaultlayer_hook.json";
  private static final int MOST_RANKS = 100_000;

  private Layouts() {}

  /**
   * The worst that any layout says of any directory. Reads small files only, and never fails on
   * what they hold.
   *
   * @param world number of processes that take part; empty where nobody knows
   */
  public static Finding look(Contents all, OptionalInt world) throws IOException {
    var warnings = new ArrayList<String>();
    Set<String> proven = new HashSet<>();
    Finding.Doubtful doubt = null;
    for (String directory : all.directories()) {
      OptionalInt ranks = ranks(directory, all, world);
      for (Layout layout : ALL) {
        switch (looked(layout, directory, all, ranks)) {
          case Finding.Incomplete incomplete -> {
            return incomplete;
          }
          case Finding.Doubtful doubtful -> doubt = doubt == null ? doubtful : doubt;
          case Finding.Whole whole -> {
            if (whole.proven()) {
              proven.add(directory);
            }
            warnings.addAll(whole.warnings());
          }
        }
      }
    }
    if (doubt != null) {
      return doubt;
    }
    return new Finding.Whole(
        !proven.isEmpty() && all.parts().stream().allMatch(part -> isBelow(part, proven, all)),
        warnings.stream().distinct().limit(MOST_WARNINGS).toList());
  }

  /** Whose checkpoint it is, as far as its files tell. */
  public static Optional<String> framework(Contents all) throws IOException {
    for (Layout layout : ALL) {
      for (String directory : all.directories()) {
        Optional<String> name = layout.framework(directory, all);
        if (name.isPresent()) {
          return name;
        }
      }
    }
    return Optional.empty();
  }

  /** The import hook notes beside a checkpoint how many processes saved it. */
  private static OptionalInt ranks(String directory, Contents all, OptionalInt world)
      throws IOException {
    var note = all.find(directory, HOOK_NOTE);
    var noted = note.isEmpty() ? OptionalLong.empty() : JsonText.number(note.get(), "world");
    return noted.isPresent() && noted.getAsLong() > 0 && noted.getAsLong() < MOST_RANKS
        ? OptionalInt.of((int) noted.getAsLong())
        : world;
  }

  private static Finding looked(Layout layout, String directory, Contents all, OptionalInt world)
      throws IOException {
    try {
      return layout.look(directory, all, world);
    } catch (NoSuchFileException e) {
      return new Finding.Incomplete("a file of it vanished while it was looked at");
    }
  }

  /** A file beside a proven directory is none of its parts, unless it only names it. */
  private static boolean isBelow(Part part, Set<String> proven, Contents all) {
    for (String up = part.directory(); !up.isEmpty(); up = Contents.above(up)) {
      if (proven.contains(up)) {
        return true;
      }
    }
    return proven.contains("") || DeepSpeedLayout.namesATag(part, all);
  }
}
