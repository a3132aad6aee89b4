package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.render.GpuText;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.StatusDocument;
import java.util.LinkedHashMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "vl gpu-stats",
    description = {
      "Show utilisation, memory, temperature and power of the GPUs that a job runs on.",
      "The figures are of the last half minute."
    },
    footer = {"", "Example:", "  vl gpu-stats digits --watch"})
public final class GpuStatsCommand extends JobVerb {
  private static final long WATCH_MILLIS = 2_000;

  @Option(names = "--watch", description = "Show it again and again until the job has ended.")
  private boolean watch;

  @Override
  int call(Shell shell, Plane plane, Jobs jobs, String id) throws InterruptedException {
    var job = jobs.status(id);
    while (watch && !Jobs.ended(job.state())) {
      if (!json) {
        show(shell, job);
      }
      shell.pause(Math.max(WATCH_MILLIS, plane.door().pollMillis()));
      job = jobs.status(id);
    }
    if (json) {
      shell.print(Json.render(document(job)));
    } else {
      show(shell, job);
    }
    return ExitCode.DONE;
  }

  private static Object document(StatusDocument job) {
    var document = new LinkedHashMap<String, Object>();
    document.put("id", job.id());
    document.put("state", job.state());
    document.put("provider", job.provider());
    document.put("instanceId", job.instanceId());
    document.put("gpu", job.gpu());
    document.put("gpuPresent", job.gpuPresent());
    document.put("heardAt", job.heardAt());
    document.put("gpus", job.gpus());
    return document;
  }

  private void show(Shell shell, StatusDocument job) {
    if (watch && shell.errIsTerminal()) {
      shell.out().print("\033[H\033[2J");
    }
    GpuText.lines(job, shell.clock().instant()).forEach(shell::print);
    shell.out().flush();
  }
}
