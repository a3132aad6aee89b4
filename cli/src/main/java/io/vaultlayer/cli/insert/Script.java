package io.vaultlayer.cli.insert;

import io.vaultlayer.cli.frame.Shell;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The Python file of the work directory that a command runs.
 *
 * @param file its real path
 * @param name relative to the work directory, as the archive names it
 * @param interpreter the Python that the command names, where there is one on this machine
 * @param hidden the option by which the command hides modules on PYTHONPATH from it, else empty
 */
record Script(Path file, String name, Optional<Path> interpreter, String hidden) {
  private static final Pattern PYTHON = Pattern.compile("(python|pypy)[0-9.]*");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*=.*");
  private static final Set<String> IN_FRONT = Set.of("nohup", "time", "nice", "exec");
  private static final Set<String> RUNNERS = Set.of("uv", "poetry", "pdm", "pipenv", "hatch");

  /** Empty where the command does not say which file of the work directory Python runs. */
  static Optional<Script> of(Shell shell, Path workdir, List<String> command) throws IOException {
    var words = new ArrayDeque<>(command);
    skipWrappers(words);
    if (words.isEmpty()) {
      return Optional.empty();
    }
    var first = words.peek();
    var name = first.substring(first.lastIndexOf('/') + 1);
    if (!PYTHON.matcher(name).matches()) {
      return first.endsWith(".py") ? in(workdir, first, Optional.empty(), "") : Optional.empty();
    }
    var interpreter = program(shell, workdir, words.poll());
    var hidden = "";
    while (!words.isEmpty()) {
      var word = words.poll();
      if (word.equals("-m") && !words.isEmpty()) {
        return module(workdir, words.poll(), interpreter, hidden);
      }
      if (word.equals("--") && !words.isEmpty()) {
        return in(workdir, words.poll(), interpreter, hidden);
      }
      if (!word.startsWith("-")) {
        return in(workdir, word, interpreter, hidden);
      }
      if (word.equals("-") || word.startsWith("-c") || word.startsWith("-m")) {
        return Optional.empty();
      }
      if (word.equals("-W") || word.equals("-X")) {
        words.poll();
      } else if (!word.startsWith("--") && word.matches("-[A-Za-z]*[IE][A-Za-z]*")) {
        hidden = word;
      }
    }
    return Optional.empty();
  }

  private static void skipWrappers(Deque<String> words) {
    while (!words.isEmpty()) {
      var word = words.peek();
      if (IN_FRONT.contains(word) || word.equals("env") || VARIABLE.matcher(word).matches()) {
        words.poll();
      } else if (RUNNERS.contains(word)) {
        words.poll();
        if (!"run".equals(words.poll())) {
          words.clear();
        }
      } else {
        return;
      }
    }
  }

  private static Optional<Script> module(
      Path workdir, String module, Optional<Path> interpreter, String hidden) throws IOException {
    var path = module.replace('.', '/');
    var file = in(workdir, path + ".py", interpreter, hidden);
    return file.isPresent() ? file : in(workdir, path + "/__main__.py", interpreter, hidden);
  }

  private static Optional<Script> in(
      Path workdir, String word, Optional<Path> interpreter, String hidden) throws IOException {
    if (word.indexOf('\0') >= 0 || !Files.isRegularFile(workdir.resolve(word))) {
      return Optional.empty();
    }
    var root = workdir.toRealPath();
    var file = workdir.resolve(word).toRealPath();
    if (!file.startsWith(root) || !file.toString().endsWith(".py")) {
      return Optional.empty();
    }
    return Optional.of(new Script(file, root.relativize(file).toString(), interpreter, hidden));
  }

  /** A program with a slash in the work directory, without one on the PATH. */
  static Optional<Path> program(Shell shell, Path workdir, String name) {
    if (name.contains("/")) {
      return Optional.of(workdir.resolve(name)).filter(Files::isExecutable);
    }
    for (var folder : shell.variable("PATH").orElse("").split(File.pathSeparator)) {
      var file = shell.directory().resolve(folder).resolve(name);
      if (Files.isExecutable(file) && !Files.isDirectory(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }
}
