package io.vaultlayer.cli.follow;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.ProgressLine;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.wire.StatusDocument;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Map;

/**
 * The line of progress under the script's output. It is drawn only on a terminal and only where a
 * line begins, and taken away before anything else is written.
 */
public final class Progress {

  private final Shell shell;
  private final PrintStream stream;
  private final ProgressLine line;
  private boolean atLineStart = true;

  public Progress(Shell shell, PrintStream stream) {
    this.shell = shell;
    this.stream = stream;
    this.line = new ProgressLine(shell);
  }

  /** The script's bytes, unchanged. */
  public void write(byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    clear();
    stream.writeBytes(bytes);
    if (stream.checkError()) {
      throw new Failure(
          ExitCode.DETACHED,
          "output_closed",
          "writing the job's output: nobody reads it any more; the job goes on, vl ps lists it",
          Map.of());
    }
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
    if (atLineStart) {
      line.draw(text(job));
    }
  }

  public void clear() {
    line.clear();
  }

  private String text(StatusDocument job) {
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
    return Text.printable(String.join(" | ", parts));
  }
}
