package io.vaultlayer.cli.command;

import io.vaultlayer.cli.follow.Follow;
import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.wire.Json;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "vl resume",
    description =
        "Continue a cancelled, failed or stopped job under the same id from its last checkpoint.",
    footer = {"", "Example:", "  vl resume digits --follow"})
public final class ResumeCommand extends JobVerb {
  @Option(names = "--follow", description = "Follow it as vl run does.")
  private boolean follow;

  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    var seen = jobs.status(id);
    var job =
        jobs.act(id, "resume", Map.of("epoch", seen.epoch()), now -> now.epoch() > seen.epoch());
    if (!json) {
      shell.say(
          seen.checkpoint() == null
              ? "resumed; no checkpoint was committed, so it begins at step 0"
              : "resumed; it continues from step " + seen.checkpoint().step());
    }
    if (follow) {
      var stream = json ? shell.err() : shell.out();
      var ended = new Follow(shell, plane, id, stream).from(seen).untilEnd();
      if (json) {
        shell.print(Json.render(ended));
      }
      return ended.state().equals("succeeded") ? ExitCode.DONE : ExitCode.JOB_FAILED;
    }
    shell.print(json ? Json.render(job) : id);
    return ExitCode.DONE;
  }
}
