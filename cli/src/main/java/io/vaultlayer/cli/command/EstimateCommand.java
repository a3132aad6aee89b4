package io.vaultlayer.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Planes;
import io.vaultlayer.cli.submit.LaunchLine;
import io.vaultlayer.cli.submit.Purpose;
import io.vaultlayer.cli.submit.RunOptions;
import io.vaultlayer.cli.submit.Submission;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "vl estimate",
    sortOptions = false,
    customSynopsis = "vl estimate [OPTIONS] [--] COMMAND...",
    description = {
      "Say where a run would be placed and what it is expected to cost, without submitting it.",
      "Takes the options of vl run."
    },
    footer = {"", "Example:", "  vl estimate --gpu A100_80 python3 train.py"})
public final class EstimateCommand extends Verb {
  @Mixin private RunOptions options;

  @Parameters(paramLabel = "COMMAND", description = "The command and its arguments.")
  private List<String> command = new ArrayList<>();

  @Override
  public int call(Shell shell) throws IOException, InterruptedException {
    var request = Submission.of(shell, Purpose.ESTIMATE, options, command).request(shell, null);
    var estimate = Planes.start(shell).post("/v1/estimate", request, Map.of(), JsonNode.class);
    shell.print(
        json
            ? Json.render(estimate)
            : LaunchLine.of(
                estimate, "no connected place has this now; vl gpus lists what there is"));
    return ExitCode.DONE;
  }
}
