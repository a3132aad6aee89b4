package io.vaultlayer.cli.rehearse;

import io.vaultlayer.cli.insert.Suggestion;
import io.vaultlayer.cli.rehearse.RehearsalReport.Kill;
import io.vaultlayer.wire.Lists.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What to do about a verdict: sentences, and the exact lines where there are some. */
final class Advice {
  /** The helper module's own three lines, for a loop that no plan knows. */
  private static final List<String> HELPER =
      List.of(
          "from vaultlayer_checkpoint import restore, checkpoint, CHECKPOINT_DIR",
          "",
          "start = restore(CHECKPOINT_DIR, model=model, optimizer=optimizer)  # all that training"
              + " changes",
          "for step in range(start, steps):",
          "    ...  # the step as it is",
          "    checkpoint(step=step + 1, model=model, optimizer=optimizer, every=\"auto\")");

  private static final List<String> RENAME =
      List.of(
          "import os",
          "",
          "torch.save(state, path + \".tmp\")  # or whatever writes it",
          "os.replace(path + \".tmp\", path)   # the name appears when the file is whole");

  private static final List<String> RANDOM =
      List.of(
          "# when saving, beside model and optimizer:",
          "state[\"rng\"] = {\"python\": random.getstate(), \"numpy\": numpy.random.get_state(),",
          "                \"torch\": torch.get_rng_state(), \"cuda\": torch.cuda.get_rng_state_all()}",
          "# when loading:",
          "random.setstate(state[\"rng\"][\"python\"])",
          "numpy.random.set_state(state[\"rng\"][\"numpy\"])",
          "torch.set_rng_state(state[\"rng\"][\"torch\"])",
          "torch.cuda.set_rng_state_all(state[\"rng\"][\"cuda\"])");

  private static final List<String> POSITION =
      List.of(
          "# when saving:",
          "state = {\"step\": step + 1, \"model\": model.state_dict(),",
          "         \"optimizer\": optimizer.state_dict(), \"scheduler\": scheduler.state_dict()}",
          "# when loading:",
          "start = state[\"step\"]",
          "optimizer.load_state_dict(state[\"optimizer\"])",
          "scheduler.load_state_dict(state[\"scheduler\"])",
          "for step in range(start, steps):");

  private final Findings findings;
  private final List<Kill> kills;
  private final String verdict;
  private final Optional<Boolean> deterministic;
  private final Suggestion suggestion;
  private final List<String> said = new ArrayList<>();
  private List<String> lines = List.of();

  Advice(
      Findings findings,
      List<Kill> kills,
      String verdict,
      Optional<Boolean> deterministic,
      Suggestion suggestion) {
    this.findings = findings;
    this.kills = kills;
    this.verdict = verdict;
    this.deterministic = deterministic;
    this.suggestion = suggestion;
    advise();
  }

  List<String> sentences() {
    return List.copyOf(said);
  }

  /** The exact lines to add; empty where nothing is to be added. */
  List<String> lines() {
    return lines;
  }

  private void advise() {
    switch (verdict) {
      case Judgement.SAFE -> {}
      case Judgement.APPROXIMATE -> approximate();
      case Judgement.FROM_ZERO -> fromZero();
      case Judgement.BREAKS -> breaks();
      default -> unknown();
    }
    kills.stream()
        .filter(kill -> !kill.hit())
        .forEach(kill -> said.add("not tested, a loss " + where(kill) + ": " + kill.detail()));
  }

  private void approximate() {
    if (deterministic.equals(Optional.of(false))) {
      said.add(
          "two runs of it differ without any loss, so equal results cannot be expected; seed"
              + " everything if they should be");
    } else if (any("rng")) {
      said.add("its random numbers or its place in the data do not continue; save and load them");
      lines = suggested(RANDOM);
    } else if (any("optimizer")) {
      said.add("the optimiser begins anew; save and load its state too");
      lines = suggested(POSITION);
    } else if (kills.stream().allMatch(kill -> kill.compared() == null)) {
      said.add(
          "it goes on as if nothing had happened, as far as it tells, but no two runs left a"
              + " checkpoint of the same step to compare bit for bit; rehearse it again when this"
              + " machine has less to do");
    } else {
      said.add("something that training depends on is not in the checkpoint");
      kills.stream()
          .filter(kill -> kill.compared() != null)
          .findFirst()
          .ifPresent(kill -> said.add(kill.compared()));
    }
  }

  private boolean any(String what) {
    return kills.stream()
        .filter(kill -> kill.continued() != null)
        .map(Kill::continued)
        .map(c -> what.equals("rng") ? c.rng() : c.optimizer())
        .anyMatch(Judgement.NO::equals);
  }

  private void fromZero() {
    if (!findings.alone().committed().isEmpty()) {
      notLoaded();
      return;
    }
    if (!findings.strays().isEmpty()) {
      var first = findings.strays().getFirst();
      int slash = first.lastIndexOf('/');
      var directory = slash < 0 ? "." : first.substring(0, slash);
      said.add(
          "it saves in its work directory ("
              + first
              + "), which is lost with the machine, and not in the directory that is kept");
      if (slash >= 0) {
        said.add("give that one to be kept: --checkpoint-dir " + topOf(directory));
      } else {
        said.add(
            "have it save in a directory of its own and give that one with --checkpoint-dir, or in"
                + " $VAULTLAYER_CHECKPOINT_DIR");
      }
      return;
    }
    held();
    if (findings.alone().eye().saves().isEmpty() && said.isEmpty()) {
      said.add("it saved nothing in the time that it had (--limit gives it more)");
      lines = suggested(HELPER);
    } else if (said.isEmpty() && findings.alone().eye().hasLeftAlone()) {
      said.add(
          "it saved "
              + findings.alone().eye().saves().size()
              + " times, but nothing was stored in the time that it had (--limit gives it more, and"
              + " a machine with less to do needs less)");
    } else if (said.isEmpty()) {
      said.add(
          "it saved "
              + findings.alone().eye().saves().size()
              + " times, but no file was ever whole and left alone for 5 s, so nothing could be"
              + " kept; write beside it and rename");
      lines = suggested(RENAME);
    }
  }

  /** The directory above numbered ones. */
  private static String topOf(String directory) {
    var numbered = directory.replaceAll("/?(checkpoint|ckpt|step|epoch)[-_=]?[0-9]+.*$", "");
    return numbered.isEmpty() ? directory : numbered;
  }

  private void held() {
    findings.alone().held().stream()
        .map(Checkpoint::reason)
        .distinct()
        .limit(3)
        .forEach(reason -> said.add("a save was not kept: " + reason));
  }

  private void notLoaded() {
    boolean weights =
        kills.stream()
            .anyMatch(kill ->
                kill.continued() != null
                    && kill.continued().loss().equals(Judgement.APPROXIMATELY));
    said.add(
        weights
            ? "it loads its weights, but counts its steps and its learning rate from the beginning"
            : "its checkpoint lay there, whole, and it began at step 0 all the same: load the newest"
                + " one in $VAULTLAYER_CHECKPOINT_DIR before the loop");
    lines = suggested(POSITION);
  }

  private void breaks() {
    for (var kill : kills) {
      if (kill.continued() == null || !kill.verdict().equals(Judgement.BREAKS)) {
        continue;
      }
      if (kill.detail() != null) {
        said.add("after the loss " + where(kill) + " it fails: " + kill.detail());
      } else if (kill.continued().learningRate().equals(Judgement.NO)) {
        said.add("its learning rate does not go on where it was; save and load the scheduler");
        lines = suggested(POSITION);
      } else if (kill.continued().step().equals(Judgement.NO)) {
        said.add("it leaves steps out after the loss");
      } else if ("different".equals(kill.result())) {
        said.add("after the loss its loss is that of another training; load all that it has saved");
        lines = suggested(POSITION);
      }
    }
  }

  private static String where(Kill kill) {
    return kill.when().equals("inside") ? "inside a save" : "between saves";
  }

  private void unknown() {
    boolean steps =
        kills.stream()
            .anyMatch(kill ->
                kill.continued() != null && kill.continued().step().equals(Judgement.UNKNOWN));
    if (steps) {
      said.add(
          "it tells no steps, so nobody can see whether it goes on; print a line such as"
              + " step 120 loss 0.41");
    } else if (findings.sharesNoStep()) {
      said.add(
          findings.savesByTime()
              ? "no two runs have saved the same step, because its saves come by time: rehearse it"
                  + " with --checkpoint-every and a number of steps"
              : "no two runs left a checkpoint of the same step to compare; rehearse it again when"
                  + " this machine has less to do");
    } else if (kills.stream().anyMatch(Kill::hit)) {
      said.add(
          "nothing shows whether what it computes goes on: print the loss of each step; where it does,"
              + " follow it further with --saves");
    }
  }

  /** Of the script itself where its loop was understood, else in general. */
  private List<String> suggested(List<String> general) {
    if (suggestion.lines().isEmpty()) {
      return general;
    }
    said.add(
        suggestion.sure()
            ? "these lines make it go on; vl run inserts them into the uploaded copy, and vl"
                + " rehearse --insert=copy tries them out"
            : "these lines would make it go on"
                + (suggestion.reason().isEmpty()
                    ? ""
                    : "; they are yours to insert, because " + suggestion.reason()));
    return suggestion.lines();
  }
}
