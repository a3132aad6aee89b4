package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Whose checkpoint it is: as the import hook has noted beside it, else as its files' names look.
 * For people; nothing depends on it.
 */
final class Frameworks {
  private static final String NOTED = "/vaultlayer_hook.json";

  private static final int MOST_NOTED_BYTES = 64 << 10;
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9._-]{0,31}");

  private Frameworks() {}

  /**
   * @param files the directory that the tree's paths are relative to
   */
  static String of(Tree tree, Path files) {
    return tree.files().stream()
        .filter(file -> file.path().endsWith(NOTED) && file.stat().bytes() < MOST_NOTED_BYTES)
        .findFirst()
        .flatMap(file -> noted(files.resolve(file.path())))
        .orElseGet(() -> byNames(tree));
  }

  private static Optional<String> noted(Path file) {
    try {
      String name = Json.tree(Files.readString(file)).path("framework").asText();
      return NAME.matcher(name).matches() ? Optional.of(name) : Optional.empty();
    } catch (IOException | Json.MalformedJson e) {
      // The script's own file may have that name.
      return Optional.empty();
    }
  }

  private static String byNames(Tree tree) {
    Set<String> names = new HashSet<>();
    for (Tree.Entry file : tree.files()) {
      names.add(file.path().substring(file.path().lastIndexOf('/') + 1));
    }
    if (names.contains("trainer_state.json")) {
      return "transformers";
    }
    if (names.contains("_CHECKPOINT_METADATA")) {
      return "orbax";
    }
    if (names.contains("zero_to_fp32.py") || names.contains("mp_rank_00_model_states.pt")) {
      return "deepspeed";
    }
    if (names.contains(".metadata") && names.stream().anyMatch(n -> n.endsWith(".distcp"))) {
      return "torch.distributed";
    }
    if (names.stream().anyMatch(n -> n.startsWith("random_states_") && n.endsWith(".pkl"))) {
      return "accelerate";
    }
    return "unknown";
  }
}
