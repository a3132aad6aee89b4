package io.vaultlayer.cli;

import io.vaultlayer.cli.command.CancelCommand;
import io.vaultlayer.cli.command.CheckCommand;
import io.vaultlayer.cli.command.CheckpointsCommand;
import io.vaultlayer.cli.command.CheckpointsPullCommand;
import io.vaultlayer.cli.command.CompletionCommand;
import io.vaultlayer.cli.command.DemoCommand;
import io.vaultlayer.cli.command.EstimateCommand;
import io.vaultlayer.cli.command.ExplainCommand;
import io.vaultlayer.cli.command.GpuStatsCommand;
import io.vaultlayer.cli.command.GpusCommand;
import io.vaultlayer.cli.command.GroupCommand;
import io.vaultlayer.cli.command.InitCommand;
import io.vaultlayer.cli.command.KillInstanceCommand;
import io.vaultlayer.cli.command.LocalCredentialsCommand;
import io.vaultlayer.cli.command.LocalDownCommand;
import io.vaultlayer.cli.command.LocalStatusCommand;
import io.vaultlayer.cli.command.LocalUpCommand;
import io.vaultlayer.cli.command.LogsCommand;
import io.vaultlayer.cli.command.NotBuiltCommand;
import io.vaultlayer.cli.command.OutputsPullCommand;
import io.vaultlayer.cli.command.ProvidersCommand;
import io.vaultlayer.cli.command.PsCommand;
import io.vaultlayer.cli.command.RehearseCommand;
import io.vaultlayer.cli.command.ResumeCommand;
import io.vaultlayer.cli.command.RunCommand;
import io.vaultlayer.cli.command.StatusCommand;
import io.vaultlayer.cli.command.VersionCommand;
import io.vaultlayer.cli.command.WaitCommand;
import io.vaultlayer.cli.frame.Verb;
import java.util.List;
import java.util.Optional;

/**
 * Every command by its words. A command's class is loaded only when it is the one that runs: that,
 * and this plain list instead of a search, is why the program starts fast.
 */
final class Catalogue {
  private Catalogue() {}

  /** One line of the overview. */
  private record Entry(String words, String does) {}

  private static final List<Entry> ENTRIES =
      List.of(
          new Entry("demo", "see a training job lose its machine and finish with the same weights"),
          new Entry("init", "set up: the embedded control plane, or a deployed one"),
          new Entry("run", "submit a training command and follow it"),
          new Entry("ps", "list jobs"),
          new Entry("status", "show one job"),
          new Entry("logs", "read a job's output, of every attempt"),
          new Entry("wait", "wait until a job has ended"),
          new Entry("cancel", "end a job and keep its last checkpoint"),
          new Entry("resume", "continue an ended job from its last checkpoint"),
          new Entry("checkpoints", "list a job's checkpoints"),
          new Entry("checkpoints pull", "download one checkpoint, verified"),
          new Entry("outputs pull", "download what the script left in VL_OUTPUT_DIR"),
          new Entry("gpus", "list what can be rented now"),
          new Entry("estimate", "say what a run is expected to cost"),
          new Entry("gpu-stats", "show live utilisation, memory and temperature"),
          new Entry("cost", "show what was paid, useful, lost and saved"),
          new Entry("explain", "show why a job is where it is"),
          new Entry("connect", "attach a bucket or a provider account"),
          new Entry("disconnect", "detach a bucket or a provider account"),
          new Entry("providers", "list providers with their status and evidence"),
          new Entry("providers smoke", "run the smoke rows of one provider"),
          new Entry("kill-instance", "lose a job's instance now, to see it come back"),
          new Entry("check", "check the invariants over what is stored"),
          new Entry("rehearse", "test the ugly path before paying for it"),
          new Entry("retrain", "start jobs on a schedule or an event"),
          new Entry("secret", "keep secrets for jobs"),
          new Entry("export", "move a job out of this control plane"),
          new Entry("import", "move a job into this control plane"),
          new Entry("local up", "start the embedded control plane"),
          new Entry("local down", "stop the embedded control plane"),
          new Entry("local status", "show the embedded control plane"),
          new Entry("local credentials", "print the current attempt's credentials, for tests"),
          new Entry("deploy", "deploy the control plane into your own AWS account"),
          new Entry("ui", "open the page"),
          new Entry("report", "make a report that can be shared"),
          new Entry("version", "show the version"),
          new Entry("completion", "print a completion script for the shell"));

  static Optional<Verb> verb(String words) {
    return Optional.ofNullable(
        switch (words) {
          case "demo" -> new DemoCommand();
          case "ps" -> new PsCommand();
          case "status" -> new StatusCommand();
          case "logs" -> new LogsCommand();
          case "wait" -> new WaitCommand();
          case "cancel" -> new CancelCommand();
          case "resume" -> new ResumeCommand();
          case "run" -> new RunCommand();
          case "rehearse" -> new RehearseCommand();
          case "kill-instance" -> new KillInstanceCommand();
          case "checkpoints" -> new CheckpointsCommand();
          case "checkpoints pull" -> new CheckpointsPullCommand();
          case "outputs pull" -> new OutputsPullCommand();
          case "gpus" -> new GpusCommand();
          case "gpu-stats" -> new GpuStatsCommand();
          case "estimate" -> new EstimateCommand();
          case "explain" -> new ExplainCommand();
          case "providers" -> new ProvidersCommand();
          case "check" -> new CheckCommand();
          case "init" -> new InitCommand();
          case "completion" -> new CompletionCommand(names());
          case "local up" -> new LocalUpCommand();
          case "local down" -> new LocalDownCommand();
          case "local status" -> new LocalStatusCommand();
          case "local credentials" -> new LocalCredentialsCommand();
          case "version" -> version();
          default -> other(words);
        });
  }

  private static Verb other(String words) {
    if (isCommand(words)) {
      return new NotBuiltCommand(words);
    }
    return hasSubcommands(words) ? new GroupCommand(words, seconds(words)) : null;
  }

  private static List<String> seconds(String word) {
    return names().stream()
        .filter(words -> words.startsWith(word + " "))
        .map(words -> words.substring(word.length() + 1))
        .toList();
  }

  private static List<String> names() {
    return ENTRIES.stream().map(Entry::words).toList();
  }

  /** What a command does, in one line. */
  static String does(String words) {
    return ENTRIES.stream()
        .filter(e -> e.words().equals(words))
        .map(Entry::does)
        .findFirst()
        .orElseGet(() -> "one of: " + String.join(", ", seconds(words)));
  }

  static Verb version() {
    return new VersionCommand();
  }

  static boolean isCommand(String words) {
    return ENTRIES.stream().anyMatch(e -> e.words().equals(words));
  }

  static boolean hasSubcommands(String word) {
    return ENTRIES.stream().anyMatch(e -> e.words().startsWith(word + " "));
  }

  /** True where everything after the first word that is no option belongs to a training command. */
  static boolean takesCommand(String words) {
    return words.equals("run") || words.equals("estimate") || words.equals("rehearse");
  }

  static String suggestion(String word) {
    return ENTRIES.stream()
        .map(Entry::words)
        .filter(known ->
            known.startsWith(word) || known.endsWith(" " + word) || distance(known, word) <= 2)
        .findFirst()
        .map(known -> "did you mean vl " + known + "?")
        .orElse("vl --help lists them");
  }

  static String overview() {
    var text = new StringBuilder();
    text.append("Usage: vl COMMAND [options]\n\n");
    text.append("Training jobs that survive the loss of their machine.\n\n");
    for (var entry : ENTRIES) {
      text.append("  ").append(entry.words());
      text.repeat(' ', 20 - entry.words().length()).append(entry.does()).append('\n');
    }
    text.append("\nEvery command has --help with an example, --json for one JSON document on\n");
    text.append("stdout, and --debug for the stack trace of a failure.\n\n");
    text.append("Example:\n  vl run python3 train.py\n");
    return text.toString();
  }

  /** Levenshtein's distance of two short words. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int cost = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(cost, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
