package io.vaultlayer.agent.gate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code checkpoint-<step>} of the Hugging Face Trainer and what inherits from it. The first rank
 * writes weights, optimizer, scheduler, random state and, last, {@code trainer_state.json}; the
 * others their random states, at any time and without a barrier.
 */
final class TrainerLayout implements Layout {
  static final String STATE = "trainer_state.json";
  private static final String ARGUMENTS = "training_args.bin";
  private static final String SENTINEL = "checkpoint-is-incomplete.txt";
  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,12})");
  private static final Pattern RANDOM = Pattern.compile("rng_state_(\\d+)\\.pth");
  private static final String ONE_RANDOM = "rng_state.pth";

  /** What holds parameters, or parts of them, by its extension. */
  private static final Pattern DATA =
      Pattern.compile(".*\\.(?:safetensors|bin|pt|pth|ckpt|msgpack|h5|npz|gguf)");

  /** What has such an extension and holds none. */
  private static final Pattern STATES =
      Pattern.compile(
          "training_args\\.bin|optimizer\\.(?:pt|bin)|scheduler\\.pt|scaler\\.pt|rng_state.*\\.pth");

  @Override
  public Finding look(String directory, Contents all, OptionalInt world) throws IOException {
    Map<String, Part> files = all.in(directory);
    Matcher named = NAME.matcher(Contents.last(directory));
    Optional<Part> state = all.find(directory, STATE);
    if (files.containsKey(SENTINEL)) {
      return incomplete(directory, SENTINEL + " says that its save has not ended");
    }
    if (!named.matches()) {
      return Finding.nothing();
    }
    if (state.isEmpty()) {
      return files.containsKey(ARGUMENTS)
          ? incomplete(directory, STATE + ", which its Trainer writes last, is missing")
          : Finding.nothing();
    }
    if (!isTrainers(files)) {
      return Finding.nothing();
    }
    TrainerState seen = TrainerState.read(state.get());
    if (!seen.whole() || seen.step().isEmpty()) {
      return incomplete(directory, STATE + " is cut short or names no global_step");
    }
    if (seen.step().getAsLong() != Long.parseLong(named.group(1))) {
      return incomplete(
          directory, STATE + " is that of step " + seen.step().getAsLong() + ", an earlier save");
    }
    Optional<String> missing = missing(directory, all, world);
    if (missing.isPresent()) {
      return incomplete(directory, missing.get());
    }
    return taken(directory, all, state.get(), world);
  }

  @Override
  public Optional<String> framework(String directory, Contents all) {
    Map<String, Part> files = all.in(directory);
    return files.containsKey(STATE) && isTrainers(files)
        ? Optional.of("transformers")
        : Optional.empty();
  }

  /**
   * Other scripts call their state so as well. A Trainer writes its arguments beside the weights,
   * and random states unless it saves the model only.
   */
  private static boolean isTrainers(Map<String, Part> files) {
    return files.keySet().stream().anyMatch(name -> name.equals(ARGUMENTS) || isRandom(name));
  }

  private static Finding taken(String directory, Contents all, Part state, OptionalInt world) {
    Map<String, Part> files = all.in(directory);
    for (Part part : files.values()) {
      boolean firstRanks = DATA.matcher(part.name()).matches() && !isRandom(part.name());
      if (firstRanks && part.modifiedNanos() > state.modifiedNanos()) {
        return new Finding.Doubtful(
            part.path() + " is newer than " + STATE + ": it may be saved anew");
      }
    }
    var warnings = new ArrayList<String>();
    if (!hasOptimizer(directory, all)) {
      warnings.add(
          directory
              + " holds no optimizer state (save_only_model): training does not continue from it"
              + " exactly");
    }
    // Without the number of ranks only a training that has just one is known to be whole.
    return new Finding.Whole(world.isPresent() || files.containsKey(ONE_RANDOM), warnings);
  }

  private static Optional<String> missing(String directory, Contents all, OptionalInt world) {
    Map<String, Part> files = all.in(directory);
    if (!hasWeights(directory, all)) {
      return Optional.of("no weights are in it");
    }
    boolean optimizer = files.containsKey("optimizer.pt");
    if (optimizer && !files.containsKey("scheduler.pt")) {
      return Optional.of("scheduler.pt is missing");
    }
    if (!hasOptimizer(directory, all) && files.containsKey("scheduler.pt")) {
      return Optional.of("optimizer.pt is missing");
    }
    var ranks = all.ranks(directory, RANDOM);
    boolean several = !ranks.isEmpty() || world.orElse(1) > 1 && optimizer;
    if (several) {
      // One process alone writes a name without number: a numbered one says that there are two.
      OptionalInt rank =
          Contents.Ranks.missing(ranks, OptionalInt.of(Math.max(2, world.orElse(2))));
      if (rank.isPresent()) {
        return Optional.of(
            "rng_state_" + rank.getAsInt() + ".pth of rank " + rank.getAsInt() + " is missing");
      }
    } else if (optimizer && !files.containsKey(ONE_RANDOM)) {
      return Optional.of(ONE_RANDOM + " is missing");
    }
    return Optional.empty();
  }

  private static boolean hasWeights(String directory, Contents all) {
    return all.in(directory).keySet().stream()
            .anyMatch(name -> DATA.matcher(name).matches() && !STATES.matcher(name).matches())
        || !all.directoriesIn(directory).isEmpty();
  }

  private static boolean hasOptimizer(String directory, Contents all) {
    return all.in(directory).keySet().stream().anyMatch(name -> name.startsWith("optimizer."))
        || all.directoriesIn(directory).stream()
            .anyMatch(name -> name.startsWith("optimizer_") || name.startsWith("global_step"));
  }

  private static boolean isRandom(String name) {
    return name.equals(ONE_RANDOM) || RANDOM.matcher(name).matches();
  }

  private static Finding incomplete(String directory, String what) {
    return new Finding.Incomplete(directory + ": " + what);
  }
}
