package io.vaultlayer.cli.insert;

import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.submit.Submission;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;

/**
 * The lines that would make a script resume, for somebody who only wants to read them.
 *
 * @param sure true where {@code vl run} would insert them by itself
 * @param lines a difference where that is sure, else as one would write them; may be empty
 * @param reason why nothing is inserted; may be empty
 */
public record Suggestion(boolean sure, List<String> lines, String reason) {
  private static final Suggestion NONE = new Suggestion(false, List.of(), "");

  public static Suggestion of(Shell shell, Submission submission) throws IOException {
    var script = Script.of(shell, submission.workdir(), submission.command());
    if (script.isEmpty()
        || !Files.isReadable(script.get().file())
        || Files.size(script.get().file()) > Insertion.LARGEST) {
      return NONE;
    }
    var source = Files.readAllBytes(script.get().file());
    var text = new String(source, StandardCharsets.ISO_8859_1);
    if (Insertion.WORDS.stream().noneMatch(text::contains)) {
      return NONE;
    }
    return new Planner(shell, submission.workdir())
        .plan(script.get(), source)
        .map(plan -> of(script.get(), source, plan))
        .orElse(NONE);
  }

  private static Suggestion of(Script script, byte[] source, Plan plan) {
    return switch (plan.verdict()) {
      case INSERT ->
          new Suggestion(
              script.hidden().isEmpty(),
              UnifiedDiff.of(source, plan.edits(), script.name(), script.name(), plan.charset()),
              "");
      case UNSURE -> new Suggestion(false, plan.lines(), plan.reason());
      case PRESENT, OWN, FRAMEWORK, UNREADABLE, NONE -> NONE;
    };
  }
}
