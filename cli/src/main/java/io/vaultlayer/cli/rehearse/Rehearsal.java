package io.vaultlayer.cli.rehearse;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.ProgressLine;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.cli.submit.Submission;
import io.vaultlayer.cli.submit.Submitter;
import io.vaultlayer.wire.Lists.Checkpoint;
import io.vaultlayer.wire.Lists.Offers;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The script three times on a plane of its own: left alone; losing its machine between two saves;
 * losing it inside one. Each loss is followed until the run has done what the first one did. Where
 * no step was saved by both, it is left alone once more, so that there is something to compare.
 */
final class Rehearsal {
  private static final long STEP_MILLIS = 50;
  private static final long STATUS_MILLIS = 250;
  private static final Duration SELDOM = Duration.ofSeconds(15);

  /** Of the time allowed the first run may use this much, because the others do the same again. */
  private static final double SHARE_ALONE = 0.4;

  /** For scripts that save every second: a stored save is seen a second or two later. */
  private static final Duration LEAST_FOLLOWED = Duration.ofSeconds(6);

  /**
   * Further runs without a loss. A busy machine leaves out saves, but another half of them each
   * time; each costs as long as the first one did.
   */
  private static final int MOST_AGAIN = 2;

  /** Twice the silence that makes a save count as complete. */
  private static final Duration QUIET = Duration.ofSeconds(10);

  /**
   * @param saves so many are waited for
   * @param limit of the whole rehearsal
   */
  record Plan(Submission submission, Map<String, byte[]> replaced, int saves, Duration limit) {}

  private final Shell shell;
  private final Throwaway place;
  private final Plan plan;
  private final Jobs jobs;
  private final ProgressLine progress;
  private final Instant begun;
  private Instant said;

  Rehearsal(Shell shell, Throwaway place, Plan plan) {
    this.shell = shell;
    this.place = place;
    this.plan = plan;
    this.jobs = new Jobs(place.plane());
    this.progress = new ProgressLine(shell);
    this.begun = shell.clock().instant();
    this.said = begun;
  }

  /**
   * @throws Failure 1 when the script fails before anything was done to it
   */
  Findings run() throws IOException, InterruptedException {
    shell.say("first the script is left alone, for " + plan.saves() + " saves or until it ends");
    var alone = start("uninterrupted");
    var strays = new Strays(place.instances(), alone.status().id());
    follow(
        List.of(alone),
        SHARE_ALONE,
        () -> {
          strays.look(alone.committed().isEmpty());
          return alone.ended() || farEnough(alone) || hopeless(alone);
        });
    alone.finish();
    failIfBroken(alone);
    var last = alone.committed().isEmpty() ? 0 : alone.committed().getLast().step();
    var goal = Math.max(last, alone.committed().size() > 1 ? 0 : lastStep(alone));
    var kills = List.copyOf(kills(alone));
    boolean apart = hasGpu();
    for (var group : apart ? kills.stream().map(List::of).toList() : List.of(kills)) {
      lose(group, goal, apart ? 0.7 : 1);
    }
    for (int again = 1; again <= MOST_AGAIN && !alike(kills); again++) {
      leaveAloneAgain(kills.stream().filter(Struck::wantsAnother).toList(), again);
    }
    progress.clear();
    var submission = plan.submission();
    var program = submission.command().getFirst();
    return new Findings(
        alone,
        strays.found(),
        kills,
        Findings.comparison(shell, place, submission.workdir(), program));
  }

  /** The others are hit a moment after a save was stored, and must not come further than this. */
  private boolean farEnough(Trial alone) {
    var committed = alone.committed();
    if (committed.size() < plan.saves()) {
      return false;
    }
    var first = Text.instant(committed.getFirst().committedAt());
    return first == null
        || Duration.between(first, shell.clock().instant()).compareTo(LEAST_FOLLOWED) > 0;
  }

  /**
   * It saves again and again, and nothing of it is ever left alone for long enough to be kept, or
   * what is looked into is refused. That nothing is stored proves neither: a busy machine is late.
   */
  private boolean hopeless(Trial alone) {
    var saves = alone.eye().saves();
    if (!alone.committed().isEmpty()
        || saves.size() < 2 * plan.saves()
        || !alone.hasRun(QUIET)
        || Duration.between(saves.getFirst().ended(), shell.clock().instant()).compareTo(QUIET)
            <= 0) {
      return false;
    }
    return alone.held().size() >= plan.saves() || !alone.eye().hasLeftAlone();
  }

  private List<Struck> kills(Trial alone) throws IOException, InterruptedException {
    if (alone.committed().isEmpty()) {
      shell.say("no save was committed; a second run loses its machine on its way");
      return List.of(new Struck(start("killed"), Struck.When.ANYWHERE, alone));
    }
    shell.say(
        "now two more runs: one loses its machine between two saves, one inside a save (SIGKILL)");
    return List.of(
        new Struck(start("killed between saves"), Struck.When.BETWEEN, alone),
        new Struck(start("killed inside a save"), Struck.When.INSIDE, alone));
  }

  private Trial start(String title) throws IOException, InterruptedException {
    var submission = plan.submission().rehearsed(title.replace(' ', '-'));
    var job =
        new Submitter(place.shell(), place.plane())
            .replacing(plan.replaced())
            .leavingOut(shell.home())
            .submit(submission, Optional.empty());
    return new Trial(title, jobs, job, place.instances(), shell.clock());
  }

  /** On one GPU two trainings would share its memory; without one they share nothing scarce. */
  private boolean hasGpu() throws InterruptedException {
    return place.plane().get("/v1/gpus", Offers.class).offers().stream()
        .anyMatch(offer -> offer.provider().equals("local") && offer.memGiB() > 0);
  }

  private void lose(List<Struck> kills, long goal, double share) throws InterruptedException {
    var trials = kills.stream().map(Struck::trial).toList();
    follow(
        trials,
        share,
        () -> {
          boolean all = true;
          for (var kill : kills) {
            kill.act(shell::say);
            all &= kill.isOver(goal);
          }
          return all;
        });
    for (var trial : trials) {
      trial.finish();
    }
  }

  /** Each has something to be compared with, or can have nothing; or no time is left. */
  private boolean alike(List<Struck> kills) {
    return isOver(1) || kills.stream().noneMatch(Struck::wantsAnother);
  }

  private void leaveAloneAgain(List<Struck> kills, int again)
      throws IOException, InterruptedException {
    progress.clear();
    shell.say(
        "no checkpoint is of a step that an uninterrupted run has saved too; the script is left"
            + " alone once more");
    long furthest =
        kills.stream()
            .flatMap(kill -> kill.later().stream())
            .mapToLong(Checkpoint::step)
            .max()
            .orElse(0);
    var other = start("uninterrupted " + again);
    follow(
        List.of(other),
        1,
        () ->
            other.ended()
                || other.committedStep() >= furthest
                || kills.stream().allMatch(kill -> kill.sharedWith(other).isPresent()));
    other.finish();
    kills.forEach(kill -> kill.compareAlsoWith(other));
  }

  /** Looks at runs until it is so, or so much of the time allowed is over. */
  private void follow(List<Trial> trials, double share, Until until) throws InterruptedException {
    var asked = Instant.EPOCH;
    while (!until.holds()) {
      var now = shell.clock().instant();
      if (isOver(share)) {
        progress.clear();
        shell.say("the time allowed is over; what was seen until now counts (--limit gives more)");
        return;
      }
      if (Duration.between(asked, now).toMillis() >= STATUS_MILLIS) {
        asked = now;
        for (var trial : trials) {
          trial.look();
        }
        draw(trials);
      }
      shell.pause(STEP_MILLIS);
    }
  }

  private boolean isOver(double share) {
    var end = begun.plusMillis((long) (plan.limit().toMillis() * share));
    return shell.clock().instant().isAfter(end);
  }

  private interface Until {
    boolean holds() throws InterruptedException;
  }

  private void draw(List<Trial> trials) {
    var line = String.join(" | ", trials.stream().map(Trial::brief).toList());
    progress.draw(line);
    var now = shell.clock().instant();
    if (!shell.errIsTerminal() && Duration.between(said, now).compareTo(SELDOM) >= 0) {
      said = now;
      shell.say(line);
    }
  }

  private static long lastStep(Trial trial) {
    var points = trial.eye().series().of(1);
    return points.isEmpty() ? 0 : points.lastKey();
  }

  private static void failIfBroken(Trial alone) {
    var status = alone.status();
    if (!status.state().equals("failed")) {
      return;
    }
    var words = String.join("\n", alone.lastLines(1));
    throw new Failure(
        ExitCode.JOB_FAILED,
        "script_failed",
        "rehearsing: the script fails before anything was done to it ("
            + (status.detail() == null ? status.reason() : status.detail())
            + "); correct it first"
            + (words.isEmpty() ? "" : ", its last words were: " + words),
        Map.of("reason", String.valueOf(status.reason()), "lastLines", alone.lastLines(1)));
  }
}
