package io.vaultlayer.cli.command;

import io.vaultlayer.cli.render.StatusText;
import io.vaultlayer.wire.StatusDocument;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "vl status",
    description = "Show one job: its state, its newest checkpoint and every attempt.",
    footer = {"", "Example:", "  vl status digits --watch"})
public final class StatusCommand extends WatchVerb {
  public StatusCommand() {
    super(1_000);
  }

  @Override
  Object document(StatusDocument job) {
    return job;
  }

  @Override
  List<String> lines(StatusDocument job, Instant now) {
    return StatusText.lines(job, now);
  }
}
