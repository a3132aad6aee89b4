package io.vaultlayer.agent.checkpoint;

import java.util.HashSet;
import java.util.Set;

/** Whose checkpoint it looks like, by the names of its files; for people, nothing depends on it. */
final class Frameworks {
  private Frameworks() {}

  static String of(Tree tree) {
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
