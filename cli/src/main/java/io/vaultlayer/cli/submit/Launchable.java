package io.vaultlayer.cli.submit;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Whether the program that a command names exists, before anything is submitted. */
final class Launchable {
  private Launchable() {}

  /**
   * @throws Failure 2 when the command is empty or its program cannot be found
   */
  static void check(
      Shell shell, Purpose purpose, Path workdir, List<String> command, boolean ownImage) {
    if (command.isEmpty() || command.getFirst().isBlank()) {
      throw Failure.usage(
          "empty_command",
          purpose.doing("")
              + ": the command is empty; write it behind the options, as in "
              + purpose.verb()
              + " python3 train.py");
    }
    for (var word : command) {
      if (word.indexOf('\0') >= 0) {
        throw Failure.usage(
            "bad_command", purpose.doing("") + ": a word of the command holds a NUL; leave it out");
      }
    }
    var program = command.getFirst();
    if (ownImage) {
      return; // the program is in the image
    }
    if (program.contains("/")) {
      file(purpose, workdir, program);
    } else if (!onPath(shell, program) && !(program.equals("python") && onPath(shell, "python3"))) {
      throw missing(purpose, workdir, program);
    }
  }

  private static void file(Purpose purpose, Path workdir, String program) {
    var path = workdir.resolve(program);
    if (!Files.isRegularFile(path)) {
      throw Failure.usage(
          "program_not_found",
          purpose.doing(program) + ": no such program in " + workdir + "; correct the command");
    }
    if (!Files.isExecutable(path)) {
      throw Failure.usage(
          "program_not_executable",
          purpose.doing(program)
              + ": the file is not executable; make it so with chmod +x, or name its interpreter");
    }
  }

  private static Failure missing(Purpose purpose, Path workdir, String program) {
    var hint =
        Files.isRegularFile(workdir.resolve(program))
            ? "; it is in the work directory, so write ./" + program + " or name its interpreter"
            : "; install it or correct the command";
    return Failure.usage(
        "program_not_found", purpose.doing(program) + ": no such program on the PATH" + hint);
  }

  private static boolean onPath(Shell shell, String program) {
    for (var folder : shell.variable("PATH").orElse("").split(File.pathSeparator)) {
      var file = Path.of(folder.isEmpty() ? "." : folder, program);
      if (Files.isExecutable(file) && !Files.isDirectory(file)) {
        return true;
      }
    }
    return false;
  }
}
