package io.vaultlayer.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.cli.follow.Ending;
import io.vaultlayer.cli.follow.Follow;
import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.insert.Insertion;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Planes;
import io.vaultlayer.cli.plane.Refusal;
import io.vaultlayer.cli.submit.LaunchLine;
import io.vaultlayer.cli.submit.Purpose;
import io.vaultlayer.cli.submit.RunOptions;
import io.vaultlayer.cli.submit.Submission;
import io.vaultlayer.cli.submit.Submitter;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "vl run",
    sortOptions = false,
    customSynopsis = "vl run [OPTIONS] [--] COMMAND...",
    description = {
      "Submit a training command with its work directory, and follow it until it ends. Ctrl-C",
      "detaches: the job goes on. Everything after the first word that is no option belongs to",
      "the command."
    },
    footer = {
      "",
      "Example:",
      "  vl run --gpu A100_80,H100 --env SEED=1 python3 train.py --epochs 3"
    })
public final class RunCommand extends Verb {
  @Mixin private RunOptions options;

  @Option(
      names = "--idempotency-key",
      paramLabel = "KEY",
      description = "The same key and the same request are the same job.")
  private String idempotencyKey;

  @Option(names = "--detach", description = "Return as soon as the job is submitted.")
  private boolean detach;

  @Parameters(paramLabel = "COMMAND", description = "The command and its arguments.")
  private List<String> command = new ArrayList<>();

  @Override
  public int call(Shell shell) throws IOException, InterruptedException {
    if (idempotencyKey != null && !idempotencyKey.matches("[\\x21-\\x7e]{1,200}")) {
      throw Failure.usage(
          "bad_value",
          "reading --idempotency-key: not usable; write up to 200 visible ASCII characters");
    }
    var submission = Submission.of(shell, Purpose.RUN, options, command);
    var request = submission.request(shell, null); // finds what is wrong before a plane is started
    var replaced = new Insertion(shell, submission, json).offer();
    var plane = Planes.start(shell);
    var line = launchLine(plane, request);
    var job =
        new Submitter(shell, plane)
            .accepted(() -> line.ifPresent(shell::say))
            .replacing(replaced)
            .submit(submission, Optional.ofNullable(idempotencyKey));
    if (detach) {
      shell.print(json ? Json.render(job) : job.id());
      shell.say("submitted; vl logs -f " + job.id() + " follows it");
      return ExitCode.DONE;
    }
    shell.say("job " + job.id() + (job.name() == null ? "" : " (" + job.name() + ")"));
    var ended = new Follow(shell, plane, job.id(), json ? shell.err() : shell.out()).untilEnd();
    shell.say(Ending.of(ended));
    if (json) {
      shell.print(Json.render(ended));
    }
    return ended.state().equals("succeeded") ? ExitCode.DONE : ExitCode.JOB_FAILED;
  }

  /** A job that can never be placed is refused by its submission, in better words than here. */
  private static Optional<String> launchLine(Plane plane, Object request)
      throws InterruptedException {
    try {
      var estimate = plane.post("/v1/estimate", request, Map.of(), JsonNode.class);
      return Optional.of(LaunchLine.of(estimate, "no place is free now; the job waits for one"));
    } catch (Refusal e) {
      return Optional.empty();
    }
  }
}
