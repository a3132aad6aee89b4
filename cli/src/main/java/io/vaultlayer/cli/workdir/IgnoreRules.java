package io.vaultlayer.cli.workdir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What of a work directory stays at home: {@code .vlignore} files, or where the work directory has
 * none, its {@code .gitignore} files; and before them what nobody wants to send.
 */
public final class IgnoreRules {
  public static final String OWN_FILE = ".vlignore";
  private static final String GIT_FILE = ".gitignore";
  private static final List<String> ALWAYS = List.of(".git", ".vl", "__pycache__", ".venv");
  private static final int LARGEST_FILE = 1 << 20;

  /** One ignore file's patterns; {@code base} is empty or ends in a slash. */
  private record Layer(String base, List<IgnorePattern> patterns) {}

  private final String fileName;
  private final List<Layer> layers;

  private IgnoreRules(String fileName, List<Layer> layers) {
    this.fileName = fileName;
    this.layers = layers;
  }

  /** Rules for the work directory itself. */
  static IgnoreRules of(Path root) throws IOException {
    var always = ALWAYS.stream().flatMap(line -> IgnorePattern.parse(line).stream()).toList();
    var name = Files.isRegularFile(root.resolve(OWN_FILE)) ? OWN_FILE : GIT_FILE;
    return new IgnoreRules(name, List.of(new Layer("", always))).inside(root, "");
  }

  /** These rules and those of a directory below; {@code base} is empty or ends in a slash. */
  IgnoreRules inside(Path directory, String base) throws IOException {
    var file = directory.resolve(fileName);
    if (!Files.isRegularFile(file) || Files.size(file) > LARGEST_FILE) {
      return this;
    }
    var patterns = new ArrayList<IgnorePattern>();
    var text = Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
    var utf8 =
        new String(
            text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1),
            java.nio.charset.StandardCharsets.UTF_8);
    utf8.lines().forEach(line -> IgnorePattern.parse(line).ifPresent(patterns::add));
    var more = new ArrayList<>(layers);
    more.add(new Layer(base, List.copyOf(patterns)));
    return new IgnoreRules(fileName, List.copyOf(more));
  }

  /**
   * The last matching line decides; a deeper file's lines come after a higher one's.
   *
   * @param path relative to the work directory, separated by slashes
   */
  boolean ignores(String path, boolean directory) {
    for (int i = layers.size() - 1; i >= 0; i--) {
      var layer = layers.get(i);
      var relative = path.substring(layer.base().length());
      for (int j = layer.patterns().size() - 1; j >= 0; j--) {
        var pattern = layer.patterns().get(j);
        if (pattern.matches(relative, directory)) {
          return !pattern.negated();
        }
      }
    }
    return false;
  }
}
