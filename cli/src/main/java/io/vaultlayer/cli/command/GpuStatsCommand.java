package io.vaultlayer.cli.command;

import io.vaultlayer.cli.render.GpuText;
import io.vaultlayer.wire.StatusDocument;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "vl gpu-stats",
    description = {
      "Show utilisation, memory, temperature and power of the GPUs that a job runs on.",
      "The figures are of the last half minute."
    },
    footer = {"", "Example:", "  vl gpu-stats digits --watch"})
public final class GpuStatsCommand extends WatchVerb {
  public GpuStatsCommand() {
    super(2_000);
  }

  @Override
  Object document(StatusDocument job) {
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

  @Override
  List<String> lines(StatusDocument job, Instant now) {
    return GpuText.lines(job, now);
  }
}
