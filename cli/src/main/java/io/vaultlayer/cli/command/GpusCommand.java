package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Planes;
import io.vaultlayer.cli.render.Table;
import io.vaultlayer.cli.render.Text;
import io.vaultlayer.cli.submit.GpuWishes;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.Offers;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "vl gpus",
    description = "List what can be rented now, cheapest first.",
    footer = {"", "Example:", "  vl gpus --gpu H100"})
public final class GpusCommand extends Verb {
  @Option(names = "--gpu", paramLabel = "CLASS", description = "Only this class.")
  private String gpu;

  @Override
  public int call(Shell shell) throws InterruptedException {
    var query = gpu == null ? "" : "?gpu=" + Plane.escaped(GpuWishes.find(gpu).name());
    var offers = Planes.start(shell).get("/v1/gpus" + query, Offers.class).offers();
    if (json) {
      shell.print(Json.render(Map.of("offers", offers)));
      return ExitCode.DONE;
    }
    var table =
        new Table("GPU", "COUNT", "VRAM", "PROVIDER", "REGION", "PRICING", "PRICE/H", "STATUS");
    for (var offer : offers) {
      table.row(
          offer.gpu(),
          offer.count(),
          offer.memGiB() == 0 ? null : offer.memGiB() + " GiB",
          offer.provider(),
          offer.region(),
          offer.pricing(),
          Text.usd(offer.usdPerHour()),
          offer.status());
    }
    table.lines().forEach(shell::print);
    return ExitCode.DONE;
  }
}
