package io.vaultlayer.cli.submit;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The variables that a script gets, and those of the shell that it may see on this machine. */
final class Environment {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final int LARGEST_FILE = 1 << 20;
  private static final Set<String> OURS =
      Set.of(
          "VAULTLAYER_CHECKPOINT_DIR",
          "CHECKPOINT_DIR",
          "VAULTLAYER_JOB_ID",
          "VAULTLAYER_ATTEMPT",
          "VAULTLAYER_RESUME_STEP",
          "VAULTLAYER_RESUME_FROM",
          "VL_OUTPUT_DIR",
          "VL_DATA_ROOT");

  private Environment() {}

  /**
   * Files first, in their order, then single variables; the last one of a name wins.
   *
   * @throws Failure 2 for a bad name, a value that is not there, an unreadable file. No message
   *     holds a value.
   */
  static Map<String, String> of(Shell shell, List<Path> files, List<String> variables)
      throws IOException {
    var all = new LinkedHashMap<String, String>();
    for (var file : files) {
      read(shell, shell.directory().resolve(file), all);
    }
    for (var variable : variables) {
      add(shell, variable, "--env", all);
    }
    return all;
  }

  /** What the local provider passes on from the submitting shell. */
  static Map<String, String> ofHost(Shell shell) {
    var seen = new TreeMap<String, String>();
    shell
        .environment()
        .forEach((name, value) -> {
          if (name.equals("PATH")
              || name.equals("VIRTUAL_ENV")
              || name.equals("LD_LIBRARY_PATH")
              || name.startsWith("CONDA_")) {
            seen.put(name, value);
          }
        });
    return seen;
  }

  private static void read(Shell shell, Path file, Map<String, String> all) throws IOException {
    List<String> lines;
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw bad("--env-file " + file, "is larger than 1 MiB", "give a smaller one");
      }
      lines = Files.readAllLines(file);
    } catch (java.nio.file.NoSuchFileException e) {
      throw bad("--env-file " + file, "does not exist", "give another");
    } catch (java.nio.file.AccessDeniedException | java.nio.charset.CharacterCodingException e) {
      throw bad("--env-file " + file, "cannot be read as text", "correct it");
    }
    for (int i = 0; i < lines.size(); i++) {
      var line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      line = line.startsWith("export ") ? line.substring(7).strip() : line;
      int at = line.indexOf('=');
      var pair = at < 0 ? line : line.substring(0, at).strip() + "=" + unquoted(line, at);
      add(shell, pair, "--env-file " + file + " line " + (i + 1), all);
    }
  }

  private static String unquoted(String line, int at) {
    var value = line.substring(at + 1).strip();
    boolean quoted =
        value.length() >= 2
            && (value.startsWith("\"") && value.endsWith("\"")
                || value.startsWith("'") && value.endsWith("'"));
    return quoted ? value.substring(1, value.length() - 1) : value;
  }

  private static void add(Shell shell, String pair, String where, Map<String, String> all) {
    int at = pair.indexOf('=');
    var name = at < 0 ? pair : pair.substring(0, at);
    if (!NAME.matcher(name).matches()) {
      // A text without a name may be a value that was pasted, so it is not repeated.
      throw bad(
          where,
          name.isEmpty() || at < 0 ? "has no valid name" : "has the invalid name " + name,
          "write KEY=VALUE, with letters, digits and _ in KEY");
    }
    if (OURS.contains(name)) {
      throw bad(where, "sets " + name + ", which the job gets from VaultLayer", "leave it out");
    }
    String value = at < 0 ? shell.environment().get(name) : pair.substring(at + 1);
    if (value == null) {
      throw bad(where, name + " is not set in this shell", "write " + name + "=VALUE");
    }
    if (value.indexOf('\0') >= 0) {
      throw bad(where, name + " holds a NUL character", "leave it out");
    }
    all.put(name, value);
  }

  private static Failure bad(String where, String what, String instead) {
    return Failure.usage("bad_env", "reading " + where + ": " + what + "; " + instead);
  }
}
