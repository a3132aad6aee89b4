package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Planes;
import io.vaultlayer.cli.plane.Refusal;
import io.vaultlayer.cli.rehearse.Rehearsing;
import io.vaultlayer.cli.submit.GpuWishes;
import io.vaultlayer.cli.submit.Purpose;
import io.vaultlayer.cli.submit.RunOptions;
import io.vaultlayer.cli.submit.Submission;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists.Offers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "vl rehearse",
    sortOptions = false,
    customSynopsis = "vl rehearse [OPTIONS] [--] COMMAND...",
    description = {
      "Test the ugly path before paying for it: runs the script on this machine for a few saves,",
      "kills it without warning, once between saves and once inside one, and compares what it",
      "does then with a run that nobody touched. Uses a control plane of its own that is gone",
      "afterwards. Takes the options of vl run. Exit code 1 when the verdict is bad."
    },
    footer = {"", "Example:", "  vl rehearse --price 2.50 python3 train.py"})
public final class RehearseCommand extends Verb {
  private static final int MOST_SAVES = 100;

  @Option(
      names = "--saves",
      paramLabel = "N",
      description = "How many saves each run is followed for. Default: 3.")
  private int saves = 3;

  @Option(
      names = "--limit",
      paramLabel = "10m|1h",
      description = "How long it may take in all. Default: 10m.")
  private String limit = "10m";

  @Option(
      names = "--price",
      paramLabel = "USD_PER_HOUR",
      description = "What the machine will cost; says what a loss costs.")
  private Double price;

  @Mixin private RunOptions options;

  @Parameters(paramLabel = "COMMAND", description = "The command and its arguments.")
  private List<String> command = new ArrayList<>();

  @Override
  public int call(Shell shell) throws IOException, InterruptedException {
    if (saves < 1 || saves > MOST_SAVES) {
      throw bad("--saves " + saves, "a number from 1 to " + MOST_SAVES);
    }
    if (price != null && !(price >= 0 && Double.isFinite(price))) {
      throw bad("--price " + price, "an amount from 0");
    }
    var longest = duration();
    var submission = Submission.of(shell, Purpose.REHEARSE, options, command);
    submission.request(shell, null); // finds what is wrong before anything is started
    var report =
        new Rehearsing(shell, submission, json)
            .report(
                saves, longest, Optional.ofNullable(price).or(() -> priceOf(shell, submission)));
    if (json) {
      shell.print(Json.render(report));
    } else {
      Rehearsing.lines(report).forEach(shell::print);
    }
    return report.good() ? ExitCode.DONE : ExitCode.JOB_FAILED;
  }

  private Duration duration() {
    if (!limit.matches("[1-9][0-9]{0,5}[smh]")) {
      throw bad("--limit " + limit, "30s, 10m or 1h");
    }
    return Duration.parse("PT" + limit);
  }

  private static Failure bad(String what, String instead) {
    return Failure.usage("bad_value", "reading " + what + ": not understood; write " + instead);
  }

  /** The cheapest of the wanted classes, if a control plane of the user's is there to be asked. */
  private static Optional<Double> priceOf(Shell shell, Submission submission) {
    var wanted = submission.options().gpu();
    if (wanted.isEmpty()) {
      return Optional.empty();
    }
    try {
      var plane = Planes.running(shell);
      return plane.isEmpty() ? Optional.empty() : cheapest(plane.get(), wanted.get());
    } catch (Failure | Refusal e) {
      return Optional.empty(); // a price is good to have, and nothing depends on it
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static Optional<Double> cheapest(Plane plane, String wanted) throws InterruptedException {
    var prices = new ArrayList<Double>();
    for (var part : wanted.split(",")) {
      var name = GpuWishes.find(part.replaceAll(":.*", "").strip()).name();
      plane.get("/v1/gpus?gpu=" + Plane.escaped(name), Offers.class).offers().stream()
          .filter(offer -> offer.usdPerHour() > 0)
          .forEach(offer -> prices.add(offer.usdPerHour()));
    }
    OptionalDouble least = prices.stream().mapToDouble(Double::doubleValue).min();
    return least.isPresent() ? Optional.of(least.getAsDouble()) : Optional.empty();
  }
}
