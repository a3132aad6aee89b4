package io.vaultlayer.cli.follow;

import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.wire.StatusDocument;
import java.io.PrintStream;
import java.util.ArrayList;

/**
 * The line of progress under the script's output. It is drawn only on a terminal and only where a
 * line begins, and taken away before anything else is written.
 */
public final class Progress {
  private static final int WIDEST = 100;

  private final Shell shell;
  private final PrintStream stream;
  private boolean drawn;
  private boolean atLineStart = true;

  public Progress(Shell shell, PrintStream stream) {
    this.shell = shell;
    this.stream = stream;
  }

  /** The script's bytes, unchanged. */
  public void write(byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    clear();
    stream.writeBytes(bytes);
    stream.flush();
    atLineStart = bytes[bytes.length - 1] == '\n';
  }

  /** A message, on a line of its own when both streams are the same terminal. */
  public void say(String line) {
    clear();
    if (!atLineStart && shell.errIsTerminal()) {
      shell.err().print("\n");
      atLineStart = true;
    }
    shell.say(line);
  }

  public void draw(StatusDocument job) {
    if (shell.errIsTerminal() && atLineStart) {
      var line = line(job);
      shell.err().print("\r\033[K" + line.substring(0, Math.min(WIDEST, line.length())));
      shell.err().flush();
      drawn = true;
    }
  }

  public void clear() {
    if (drawn) {
      shell.err().print("\r\033[K");
      shell.err().flush();
      drawn = false;
    }
  }

  private String line(StatusDocument job) {
    var parts = new ArrayList<String>();
    parts.add(
        job.phase() == null || job.phase().equals(job.state())
            ? job.state()
            : job.state() + " (" + job.phase() + ")");
    if (job.step() != null) {
      parts.add("step " + job.step());
    }
    if (job.stepsPerSecond() != null) {
      parts.add(Text.number(job.stepsPerSecond()) + " steps/s");
    }
    if (job.loss() != null) {
      parts.add("loss " + Text.number(job.loss()));
    }
    if (job.checkpoint() != null) {
      var age = Text.age(job.checkpoint().committedAt(), shell.clock().instant());
      parts.add("checkpoint " + job.checkpoint().step() + (age == null ? "" : ", " + age + " ago"));
    } else if (job.state().equals("running")) {
      parts.add("no checkpoint yet");
    }
    if (job.epoch() > 1) {
      parts.add("attempt " + job.epoch());
    }
    return "vl: " + Text.printable(String.join(" | ", parts));
  }
}
