package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.pull.Puller;
import io.vaultlayer.cli.render.Text;
import java.nio.file.Path;

/** What the commands that download have in common. */
final class Pulling {
  private Pulling() {}

  /** Where the files go: as asked, else a new name in the current directory. */
  static Path directory(Shell shell, Path asked, String otherwise) {
    return shell.directory().resolve(asked == null ? Path.of(otherwise) : asked).normalize();
  }

  static void show(Shell shell, Puller.Report report) {
    for (var file : report.files()) {
      shell.print(file.sha256() + "  " + Text.printable(file.path()));
    }
    long bytes = report.files().stream().mapToLong(Puller.Pulled::bytes).sum();
    shell.say(
        report.files().size()
            + (report.files().size() == 1 ? " file, " : " files, ")
            + Text.bytes(bytes)
            + ", verified, in "
            + report.directory());
  }
}
