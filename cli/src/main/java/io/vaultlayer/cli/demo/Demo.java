package io.vaultlayer.cli.demo;

import io.vaultlayer.cli.follow.Detach;
import io.vaultlayer.cli.follow.Ending;
import io.vaultlayer.cli.follow.Patience;
import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.ProgressLine;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.pull.Puller;
import io.vaultlayer.cli.submit.Purpose;
import io.vaultlayer.cli.submit.RunOptions;
import io.vaultlayer.cli.submit.Submission;
import io.vaultlayer.cli.submit.Submitter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The main job, shown: the same training twice at the same time, one of the two loses its machine,
 * and both end with the same weights.
 */
public final class Demo {
  private static final String WEIGHTS = "weights.bin";

  /** The training takes about a minute; what has not ended by then never will. */
  private static final Duration LONGEST = Duration.ofMinutes(30);

  private final Shell shell;
  private final Plane plane;
  private final Jobs jobs;
  private final Screen screen;
  private final int steps;
  private final int every;

  /**
   * @param steps of the training
   * @param every so many steps the script saves a checkpoint
   */
  public Demo(Shell shell, Plane plane, int steps, int every) {
    this.shell = shell;
    this.plane = plane;
    this.jobs = new Jobs(plane);
    this.screen = new Screen(shell);
    this.steps = steps;
    this.every = every;
  }

  /**
   * @throws Failure 1 when a run fails
   */
  public DemoReport run(Path example) throws IOException, InterruptedException {
    screen.say("training a small network twice: same script, same data, same machine");
    screen.say("one run is left alone; the other will lose its machine, without warning");
    var alone = submit(example, "uninterrupted");
    var struck = submit(example, "interrupted");
    try (var detach = Detach.saying(shell, "stopped looking; both runs go on, vl ps lists them")) {
      follow(alone, struck);
      detach.done();
    }
    return report(alone, struck);
  }

  /** Whether it can run here at all. @throws Failure 2 where there is no python3 */
  public static void check(Shell shell, Path example) throws IOException {
    Submission.of(
        shell,
        Purpose.RUN,
        RunOptions.named("demo", example, "cpu"),
        List.of("python3", "train.py"));
  }

  private DemoRun submit(Path example, String title) throws IOException, InterruptedException {
    var command =
        List.of(
            "python3",
            "train.py",
            "--steps",
            Integer.toString(steps),
            "--checkpoint-every",
            Integer.toString(every));
    var options = RunOptions.named("demo-" + title, example, "cpu");
    var submission = Submission.of(shell, Purpose.RUN, options, command);
    var job = new Submitter(shell, plane).submit(submission, Optional.empty());
    screen.say(title + ": job " + job.id() + " runs " + String.join(" ", command));
    return new DemoRun(title, jobs, job, screen::say);
  }

  private void follow(DemoRun alone, DemoRun struck) throws InterruptedException {
    var patience = new Patience(shell, "following the demo", "vl ps -a");
    var begun = shell.clock().instant();
    boolean killed = false;
    while (!alone.ended() || !struck.ended()) {
      patience.ask(alone::look);
      patience.ask(struck::look);
      if (!killed && ready(struck)) {
        killed = patience.ask(() -> kill(struck)).orElse(false);
      }
      screen.draw(alone.brief() + " | " + struck.brief());
      if (Duration.between(begun, shell.clock().instant()).compareTo(LONGEST) > 0) {
        throw failed("the runs have not ended after 30 minutes; vl ps shows them");
      }
      shell.pause(plane.door().pollMillis());
    }
    screen.clear();
    for (var run : List.of(alone, struck)) {
      screen.say(run.title() + ": " + Ending.of(run.status()));
      if (!run.status().state().equals("succeeded")) {
        throw failed("the " + run.title() + " run did not succeed; vl logs " + run.id());
      }
    }
    if (!killed) {
      throw failed("the run ended before it could be interrupted; give it more --steps");
    }
  }

  /** There is a checkpoint to come back to, and work behind it to lose, and more to do. */
  private boolean ready(DemoRun struck) {
    return !struck.ended()
        && struck.status().epoch() == 1
        && struck.committed() > 0
        && struck.step() >= struck.committed() + Math.max(1, every / 5);
  }

  private boolean kill(DemoRun struck) throws InterruptedException {
    screen.say(
        struck.title()
            + ": at step "
            + struck.step()
            + ", its checkpoint of step "
            + struck.committed()
            + " is stored; its machine is lost NOW (SIGKILL)");
    try {
      jobs.act(struck.id(), "simulate-instance-death", Map.of());
      return true;
    } catch (Failure e) {
      if (e.exit() == ExitCode.REFUSED) {
        return false; // it has no instance at this moment; the next look tells
      }
      throw e;
    }
  }

  private DemoReport report(DemoRun alone, DemoRun struck)
      throws IOException, InterruptedException {
    return new DemoReport(
        new DemoReport.Pair(alone.id(), struck.id()),
        new DemoReport.Pair(digest(alone), digest(struck)),
        digest(alone).equals(digest(struck)),
        struck.status().attempts());
  }

  private String digest(DemoRun run) throws IOException, InterruptedException {
    var puller = new Puller(jobs, run.id(), "/outputs");
    var directory = shell.home().resolve("demo").resolve(run.title());
    return puller.pull(puller.look(), directory).files().stream()
        .filter(file -> file.path().equals(WEIGHTS))
        .map(Puller.Pulled::sha256)
        .findFirst()
        .orElseThrow(() -> failed("the " + run.title() + " run left no " + WEIGHTS));
  }

  private static Failure failed(String what) {
    return new Failure(ExitCode.JOB_FAILED, "demo_failed", "running the demo: " + what, Map.of());
  }

  /** Messages, and a line of progress: drawn on a terminal, now and then elsewhere. */
  private static final class Screen {
    private static final Duration SELDOM = Duration.ofSeconds(10);

    private final Shell shell;
    private final ProgressLine progress;
    private Instant last;

    Screen(Shell shell) {
      this.shell = shell;
      this.progress = new ProgressLine(shell);
      this.last = shell.clock().instant();
    }

    void say(String line) {
      clear();
      shell.say(line);
    }

    void draw(String line) {
      progress.draw(line);
      if (!shell.errIsTerminal()
          && Duration.between(last, shell.clock().instant()).compareTo(SELDOM) >= 0) {
        last = shell.clock().instant();
        shell.say(line);
      }
    }

    void clear() {
      progress.clear();
    }
  }
}
