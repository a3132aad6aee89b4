package io.vaultlayer.cli.rehearse;

import io.vaultlayer.cli.rehearse.RehearsalReport.Continued;
import io.vaultlayer.cli.rehearse.RehearsalReport.Kill;
import io.vaultlayer.cli.render.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A report in plain words. */
final class ReportText {
  private ReportText() {}

  static List<String> of(RehearsalReport report) {
    var out = new ArrayList<String>();
    out.add("framework       " + framework(report));
    out.add(
        "checkpoints     "
            + (report.saves().isEmpty()
                ? "none were committed"
                : report.saves().size() + " committed, from " + report.checkpointDir()));
    if (!report.saves().isEmpty()) {
      out.add("saves           " + saves(report));
    }
    for (var kill : report.kills()) {
      out.add("");
      kill(kill, out);
    }
    out.add("");
    out.add("result          " + result(report));
    out.add("lost each time  " + lost(report));
    out.add("");
    out.add("VERDICT         " + verdict(report));
    report.advice().forEach(line -> out.add("  - " + Text.printable(line)));
    if (!report.insertion().isEmpty()) {
      out.add("");
      report.insertion().forEach(line -> out.add("    " + printable(line)));
    }
    return out;
  }

  /** A line of somebody's source: its tabs stay, or it could not be copied. */
  private static String printable(String line) {
    return String.join("\t", List.of(line.split("\t", -1)).stream().map(Text::printable).toList());
  }

  private static String framework(RehearsalReport report) {
    return switch (report.fidelity()) {
      case "framework" ->
          report.framework()
              + (report.frameworkVersion() == null ? "" : " " + report.frameworkVersion())
              + ", which restores itself";
      case "helper" -> "vaultlayer_checkpoint, the helper module";
      case "script" -> "none known; the script saves and loads by itself";
      default ->
          report.framework().equals("none") ? "none known" : report.framework() + ", but no saves";
    };
  }

  private static String saves(RehearsalReport report) {
    var newest = report.saves().getLast();
    return "at steps "
        + String.join(
            ", ", report.saves().stream().limit(12).map(s -> Long.toString(s.step())).toList())
        + (report.saveSeconds() == null ? "" : "; one takes " + seconds(report.saveSeconds()))
        + (newest.bytes() == null ? "" : ", " + Text.bytes(newest.bytes()));
  }

  private static String seconds(double seconds) {
    return seconds < 0.01
        ? "under 10 ms"
        : seconds < 1
            ? String.format(Locale.ROOT, "%.0f ms", seconds * 1000)
            : String.format(Locale.ROOT, "%.1f s", seconds);
  }

  private static void kill(Kill kill, List<String> out) {
    var where = kill.when().equals("inside") ? "inside a save   " : "between saves   ";
    if (!kill.hit()) {
      out.add(where + "not tested: " + kill.detail());
      return;
    }
    out.add(
        where
            + "killed"
            + (kill.killedAtStep() == null ? "" : " at step " + kill.killedAtStep())
            + (kill.resumedFrom() == null
                ? "; there was no checkpoint to go on from"
                : "; the checkpoint of step " + kill.resumedFrom() + " was put back")
            + (kill.firstStep() == null ? "" : "; its first step then was " + kill.firstStep()));
    out.add("  continued     " + continued(kill.continued()));
    if (kill.compared() != null) {
      out.add("  compared      " + Text.printable(kill.compared()));
    }
    if (kill.detail() != null) {
      out.add("  failed        " + Text.printable(kill.detail()));
    }
  }

  private static String continued(Continued c) {
    return "step "
        + c.step()
        + ", loss "
        + c.loss()
        + ", learning rate "
        + c.learningRate()
        + ", optimiser "
        + c.optimizer()
        + ", random numbers "
        + c.rng();
  }

  private static String result(RehearsalReport report) {
    return switch (report.result()) {
      case "bit_equal" -> "bit for bit that of a run that nobody touched";
      case "statistically_equal" ->
          "as good as that of a run that nobody touched, but not the same bits";
      case "different" -> "not that of a run that nobody touched";
      default -> "could not be compared";
    };
  }

  private static String lost(RehearsalReport report) {
    if (report.lossPerReclaimSeconds() == null) {
      return report.verdict().equals(Judgement.FROM_ZERO)
          ? "everything that was done until then"
          : report.verdict().equals(Judgement.BREAKS) ? "more than its saves say" : "not known";
    }
    return seconds(report.lossPerReclaimSeconds())
        + " of training on average"
        + (report.lossPerReclaimUsd() == null
            ? "; with --price it is said in USD too"
            : String.format(
                Locale.ROOT,
                ", $%.4f at %s/h",
                report.lossPerReclaimUsd(),
                Text.usd(report.usdPerHour())));
  }

  private static String verdict(RehearsalReport report) {
    return switch (report.verdict()) {
      case Judgement.SAFE -> "safe: it survives the loss of its machine, and nobody will see it";
      case Judgement.APPROXIMATE ->
          "resumes approximately: it goes on, but not as if nothing had happened";
      case Judgement.FROM_ZERO -> "restarts from zero: every loss costs all that was done";
      case Judgement.BREAKS -> "breaks: after a loss it does not do what it should";
      default -> "unknown: it could not be shown that it goes on";
    };
  }
}
