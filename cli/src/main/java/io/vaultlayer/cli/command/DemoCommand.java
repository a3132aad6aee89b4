package io.vaultlayer.cli.command;

import io.vaultlayer.cli.demo.Demo;
import io.vaultlayer.cli.demo.DemoReport;
import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Planes;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "vl demo",
    description = {
      "See a training job lose its machine and finish with the weights that an uninterrupted run",
      "gives: trains the shipped example twice on this machine, kills one run's instance once, and",
      "compares. Exit code 0 only if the weights are equal."
    },
    footer = {"", "Example:", "  vl demo"})
public final class DemoCommand extends Verb {
  private static final int STEPS = 1000;
  private static final int QUICK_STEPS = 300;

  @Option(names = "--quick", description = "A shorter training, for tests.")
  private boolean quick;

  @Option(names = "--steps", paramLabel = "N", description = "Steps of the training.")
  private Integer steps;

  @Override
  public int call(Shell shell) throws IOException, InterruptedException {
    int count = steps != null ? steps : quick ? QUICK_STEPS : STEPS;
    if (count < 20 || count > 1_000_000) {
      throw Failure.usage(
          "bad_value",
          "reading --steps " + count + ": not usable; give the demo 20 to 1,000,000 steps");
    }
    var example = example(shell);
    Demo.check(shell, example);
    var plane = Planes.embedded(shell);
    int every = Math.clamp(count / (quick ? 6 : 10), 5, 100);
    var report = new Demo(shell, plane, count, every).run(example);
    boolean good = report.equal() && report.survived();
    if (json) {
      shell.print(Json.render(report));
    } else {
      show(shell, report);
    }
    return good ? ExitCode.DONE : ExitCode.JOB_FAILED;
  }

  private static Path example(Shell shell) {
    var example = shell.installation().root().map(root -> root.resolve("examples/digits"));
    if (example.isEmpty() || !Files.isRegularFile(example.get().resolve("train.py"))) {
      throw Failure.refused(
          "no_example",
          "running the demo: the example is not where this program was built; run ./vl demo in a"
              + " checkout");
    }
    return example.get();
  }

  private static void show(Shell shell, DemoReport report) {
    shell.print("uninterrupted  " + report.digests().uninterrupted());
    shell.print("interrupted    " + report.digests().interrupted());
    for (var attempt : report.attempts()) {
      shell.print(
          "  attempt "
              + attempt.epoch()
              + ": "
              + (attempt.resumedFrom() == null
                  ? "from the beginning"
                  : "resumed from step " + attempt.resumedFrom())
              + ", "
              + attempt.outcome()
              + (attempt.lastStep() == null ? "" : " at step " + attempt.lastStep()));
    }
    if (!report.equal()) {
      shell.print("NOT EQUAL: the weights differ");
    } else if (!report.survived()) {
      shell.print("equal, but the run was not interrupted as it should have been");
    } else {
      shell.print("equal: one of them lost its machine, and the weights are the same, bit for bit");
    }
  }
}
