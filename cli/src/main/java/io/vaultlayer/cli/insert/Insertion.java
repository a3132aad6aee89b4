package io.vaultlayer.cli.insert;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.cli.submit.RunOptions;
import io.vaultlayer.cli.submit.Submission;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Offers the lines that make a plain training loop resume. They go into the uploaded copy unless
 * the user says otherwise; the difference is always shown, and nobody is asked where nobody can
 * answer.
 */
public final class Insertion {
  static final int LARGEST = 1 << 20;

  /** Without one of these words in it a script is not worth the start of a Python. */
  static final List<String> WORDS = List.of("torch", "backward", "jax");

  private enum Answer {
    COPY,
    FILE,
    NO
  }

  private final Shell shell;
  private final Submission submission;
  private final boolean mayAsk;

  /**
   * @param quiet no question even on a terminal
   */
  public Insertion(Shell shell, Submission submission, boolean quiet) {
    this.shell = shell;
    this.submission = submission;
    this.mayAsk = shell.inIsTerminal() && shell.errIsTerminal() && !quiet;
  }

  /**
   * What the archive is to hold instead of the files of the work directory, by their names in it.
   *
   * @throws Failure 3 when the user's file was to be changed and could not be
   */
  public Map<String, byte[]> offer() throws IOException {
    var asked = submission.options().insert();
    if (asked == RunOptions.Insert.NO) {
      return Map.of();
    }
    var script = Script.of(shell, submission.workdir(), submission.command());
    if (script.isEmpty() || !Files.isReadable(script.get().file())) {
      return Map.of(); // an unreadable one is refused when it is packed
    }
    return offer(script.get(), asked);
  }

  private Map<String, byte[]> offer(Script script, RunOptions.Insert asked) throws IOException {
    if (Files.size(script.file()) > LARGEST) {
      return Map.of();
    }
    var source = Files.readAllBytes(script.file());
    var text = new String(source, StandardCharsets.ISO_8859_1);
    if (WORDS.stream().noneMatch(text::contains)) {
      return Map.of();
    }
    var planner = new Planner(shell, submission.workdir());
    var plan = planner.plan(script, source);
    if (plan.isEmpty()) {
      shell.say(
          "there is no python3 here that could look for the training loop of "
              + script.name()
              + "; nothing is inserted");
      return Map.of();
    }
    if (plan.get().verdict() != Plan.Verdict.INSERT) {
      tell(script, plan.get());
      return Map.of();
    }
    if (!script.hidden().isEmpty()) {
      tell(script, Plan.unsure("python " + script.hidden() + " hides the helper module from it"));
      return Map.of();
    }
    var changed = plan.get().apply(source);
    var again = planner.plan(script, changed);
    if (again.isEmpty() || again.get().verdict() != Plan.Verdict.PRESENT) {
      tell(script, Plan.unsure("with them it could not be read any more"));
      return Map.of();
    }
    return insert(script, source, plan.get(), changed, asked);
  }

  private Map<String, byte[]> insert(
      Script script, byte[] source, Plan plan, byte[] changed, RunOptions.Insert asked)
      throws IOException {
    return switch (answer(script, source, plan, asked)) {
      case NO -> Map.of();
      case COPY -> Map.of(script.name(), changed);
      case FILE -> {
        write(script.file(), source, changed);
        shell.say(script.name() + " is changed");
        yield Map.of();
      }
    };
  }

  private Answer answer(Script script, byte[] source, Plan plan, RunOptions.Insert asked)
      throws IOException {
    var answers = new Answers(shell.home());
    Optional<Boolean> before =
        mayAsk && asked == RunOptions.Insert.ASK
            ? answers.about(script.file(), plan)
            : Optional.empty();
    if (before.isPresent()) {
      shell.say(
          before.get()
              ? "the lines that make "
                  + script.name()
                  + " resume go into the uploaded copy, as before; --no-insert leaves them out"
              : "nothing is inserted into "
                  + script.name()
                  + ", as before; --insert=copy makes it resume");
      return before.get() ? Answer.COPY : Answer.NO;
    }
    boolean file = asked == RunOptions.Insert.FILE;
    shell.say(
        script.name()
            + " has a training loop that would begin anew on another machine; these lines make it"
            + " go on");
    show(script, source, plan, file);
    plan.notes().forEach(note -> shell.say("note: " + Text.printable(note)));
    if (plan.unit().equals("epoch")) {
      shell.say("note: it is saved between epochs, so a lost machine costs up to one of them");
    }
    if (!mayAsk || asked != RunOptions.Insert.ASK) {
      if (!file) {
        shell.say(
            "they go into the uploaded copy only; --insert=file writes them into "
                + script.name()
                + ", --no-insert leaves them out");
      }
      return file ? Answer.FILE : Answer.COPY;
    }
    return ask(script, plan, answers);
  }

  private Answer ask(Script script, Plan plan, Answers answers) throws IOException {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (true) {
      shell.err().print("vl: insert them? [Y] into the uploaded copy, [f] into the file, [n] no: ");
      shell.err().flush();
      var line = in.readLine();
      switch (line == null ? "eof" : line.strip().toLowerCase(Locale.ROOT)) {
        case "", "y", "yes" -> {
          answers.remember(script.file(), plan, true);
          return Answer.COPY;
        }
        case "f", "file" -> {
          return Answer.FILE;
        }
        case "n", "no" -> {
          answers.remember(script.file(), plan, false);
          return Answer.NO;
        }
        case "eof" -> {
          shell.err().print("\n");
          shell.say("no answer, so nothing is inserted");
          return Answer.NO;
        }
        default -> {}
      }
    }
  }

  private void show(Script script, byte[] source, Plan plan, boolean file) {
    boolean colours = shell.errIsTerminal() && shell.variable("NO_COLOR").isEmpty();
    var after = script.name() + (file ? "" : " (uploaded copy)");
    var lines = UnifiedDiff.of(source, plan.edits(), script.name(), after, plan.charset());
    for (int i = 0; i < lines.size(); i++) {
      var clean = printable(lines.get(i));
      boolean header = i < 2;
      shell.err().print((colours && !header ? coloured(clean) : clean) + "\n");
    }
    shell.err().flush();
  }

  private static String printable(String line) {
    return String.join("\t", Arrays.stream(line.split("\t", -1)).map(Text::printable).toList());
  }

  private static String coloured(String line) {
    var colour =
        switch (line.charAt(0)) {
          case '+' -> "32";
          case '-' -> "31";
          case '@' -> "36";
          default -> "";
        };
    return colour.isEmpty() ? line : "\033[" + colour + "m" + line + "\033[0m";
  }

  /** Why nothing is inserted; silent where nobody would expect it. */
  private void tell(Script script, Plan plan) {
    var reason = Text.printable(plan.reason());
    switch (plan.verdict()) {
      case INSERT, PRESENT, NONE -> {}
      case OWN -> {
        if (!reason.isEmpty()) {
          shell.say(script.name() + " " + reason + "; nothing is inserted");
        }
      }
      case FRAMEWORK ->
          shell.say(
              script.name()
                  + " uses "
                  + reason
                  + ", which has checkpoints of its own; nothing is inserted");
      case UNREADABLE ->
          shell.say(
              "nothing is inserted into " + script.name() + ", which cannot be read: " + reason);
      case UNSURE -> {
        shell.say(
            "nothing is inserted into "
                + script.name()
                + ": "
                + reason
                + "; without a checkpoint it begins anew on another machine");
        if (!plan.lines().isEmpty()) {
          shell.say("by hand:");
          plan.lines().forEach(line -> shell.err().print("    " + printable(line) + "\n"));
          shell.err().flush();
        }
      }
    }
  }

  private static void write(Path file, byte[] source, byte[] changed) throws IOException {
    var next = Files.createTempFile(file.getParent(), ".vl-insert-", ".tmp");
    try {
      Files.write(next, changed);
      Files.setPosixFilePermissions(next, Files.getPosixFilePermissions(file));
      if (!Arrays.equals(Files.readAllBytes(file), source)) {
        throw Failure.refused(
            "file_changed",
            "changing " + file + ": somebody else has changed it meanwhile; submit again");
      }
      Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(next);
    }
  }
}
