package io.vaultlayer.agent.gate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A DeepSpeed tag: model states, and with ZeRO the optimizer's of every rank; beside it {@code
 * latest}, which the first rank writes before the others are known to be done. Without {@code
 * latest} a resume starts over, silently.
 */
final class DeepSpeedLayout implements Layout {
  private static final String LATEST = "latest";
  private static final int MOST_TAG_BYTES = 512;

  /** Before 0.3.14 there was no line below the last word. */
  private static final Pattern OPTIMIZER =
      Pattern.compile("(?:bf16_)?zero_pp_rank_(\\d{1,6})_mp_rank_(\\d{1,6})_?optim_states\\.pt");

  private static final Pattern MODEL =
      Pattern.compile("(?:zero_pp_rank_(\\d{1,6})_)?mp_rank_(\\d{1,6})_model_states\\.pt");

  @Override
  public Finding look(String directory, Contents all, OptionalInt world) throws IOException {
    Map<String, Part> files = all.in(directory);
    var optimizers = new TreeMap<Integer, TreeSet<Integer>>();
    var models = new TreeMap<Integer, TreeSet<Integer>>();
    int model = 0;
    for (String name : files.keySet()) {
      collect(OPTIMIZER.matcher(name), optimizers);
      Matcher states = MODEL.matcher(name);
      if (states.matches()) {
        model++;
        if (states.group(1) != null) {
          collect(states, models);
        }
      }
    }
    if (model == 0 && optimizers.isEmpty()) {
      return Finding.nothing();
    }
    if (model == 0) {
      return new Finding.Incomplete(directory + ": no model states are in it");
    }
    for (var kind : List.of(optimizers, models)) {
      for (var group : kind.entrySet()) {
        // With model parallelism the ranks are shared out; then only gaps can be told.
        OptionalInt expected = kind.size() == 1 ? world : OptionalInt.empty();
        OptionalInt rank = Contents.Ranks.missing(group.getValue(), expected);
        if (rank.isPresent()) {
          return new Finding.Incomplete(
              directory + ": the states of rank " + rank.getAsInt() + " are missing");
        }
      }
    }
    if (!models.isEmpty() && !models.equals(optimizers)) {
      return new Finding.Incomplete(
          directory + ": model states and optimizer states are not of the same ranks");
    }
    return named(directory, all, world);
  }

  @Override
  public Optional<String> framework(String directory, Contents all) {
    return all.in(directory).keySet().stream().anyMatch(name -> MODEL.matcher(name).matches())
        ? Optional.of("deepspeed")
        : Optional.empty();
  }

  private static Finding named(String directory, Contents all, OptionalInt world)
      throws IOException {
    var latest = directory.isEmpty() ? null : all.in(Contents.above(directory)).get(LATEST);
    if (latest == null || !text(latest).equals(Contents.last(directory))) {
      return new Finding.Doubtful(
          directory
              + ": the file latest beside it does not name it, and DeepSpeed resumes only"
              + " from the tag that it names");
    }
    return new Finding.Whole(world.isPresent(), List.of());
  }

  private static void collect(Matcher name, Map<Integer, TreeSet<Integer>> into) {
    if (name.matches()) {
      into.computeIfAbsent(Integer.parseInt(name.group(2)), _ -> new TreeSet<>())
          .add(Integer.parseInt(name.group(1)));
    }
  }

  /** True for the small file that only says which tag is the newest. */
  static boolean namesATag(Part part, Contents all) {
    try {
      return part.name().equals(LATEST) && all.hasDirectory(part.directory(), text(part));
    } catch (IOException e) {
      return false;
    }
  }

  private static String text(Part part) throws IOException {
    if (part.bytes() > MOST_TAG_BYTES) {
      return "";
    }
    try (var in = Files.newInputStream(part.file())) {
      return new String(in.readNBytes(MOST_TAG_BYTES), StandardCharsets.UTF_8).strip();
    }
  }
}
