package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.gate.Layouts;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Whose checkpoint it is: as the import hook has noted beside it, else as the gate's layouts know
 * their own. For people; nothing depends on it.
 */
final class Frameworks {
  private static final String NOTED = "/vaultlayer_hook.json";

  private static final String UNKNOWN = "unknown";

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
        .orElseGet(() -> byLayout(tree, files));
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

  private static String byLayout(Tree tree, Path files) {
    try {
      return Layouts.framework(Gate.contents(files, tree)).orElse(UNKNOWN);
    } catch (IOException | RuntimeException e) {
      return UNKNOWN; // it is for people only, and no reason to hold a checkpoint back
    }
  }
}
