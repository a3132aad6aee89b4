package io.vaultlayer.cli.submit;

import io.vaultlayer.cli.frame.Failure;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.regex.Pattern;

/** Checks of single option values, so that a typing error is found before anything is sent. */
final class Values {
  private static final Pattern DURATION = Pattern.compile("[0-9]{1,6}[smhd]");
  private static final Pattern STEPS = Pattern.compile("[1-9][0-9]{0,9}");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  private static final int MOST_KEPT = 10_000;

  private Values() {}

  static void check(RunOptions options) {
    if (options.nodes != null && options.nodes != 1) {
      throw Failure.usage(
          "multi_node",
          "reading --nodes "
              + options.nodes
              + ": a job runs on one machine; ask for more GPUs on"
              + " it, such as --gpu H100:8");
    }
    exclusive("--spot", options.spot, "--on-demand", options.onDemand);
    exclusive("--failover", options.failover, "--no-failover", options.noFailover);
    if (options.insert != null && !options.insert.matches("copy|file")) {
      throw bad("--insert " + options.insert, "copy or file, or --no-insert");
    }
    exclusive("--insert", options.insert != null, "--no-insert", options.noInsert);
    if (options.checkpointEvery != null
        && !STEPS.matcher(options.checkpointEvery).matches()
        && !DURATION.matcher(options.checkpointEvery).matches()) {
      throw bad("--checkpoint-every " + options.checkpointEvery, "a number of steps or 10m");
    }
    if (options.keepLast != null && (options.keepLast < 2 || options.keepLast > MOST_KEPT)) {
      throw bad("--keep-last " + options.keepLast, "a number from 2 to " + MOST_KEPT);
    }
    if (options.keepEvery != null && (options.keepEvery < 0 || options.keepEvery > MOST_KEPT)) {
      throw bad("--keep-every " + options.keepEvery, "a number from 0 to " + MOST_KEPT);
    }
    if (options.deadline != null && !isDeadline(options.deadline)) {
      throw bad("--deadline " + options.deadline, "90m, 6h or 2026-11-20T10:00:00Z");
    }
    positive("--budget", options.budget);
    if (options.maxPrice != null && !(options.maxPrice >= 0 && Double.isFinite(options.maxPrice))) {
      throw bad("--max-price " + options.maxPrice, "an amount from 0");
    }
    if (options.maxAttempts != null && options.maxAttempts < 1) {
      throw bad("--max-attempts " + options.maxAttempts, "a number from 1");
    }
    if (options.maxWait != null && !DURATION.matcher(options.maxWait).matches()) {
      throw bad("--max-wait " + options.maxWait, "90m or 6h");
    }
    if (options.retryExitCodes.stream().anyMatch(code -> code < 1 || code > 255)) {
      throw bad("--retry-exit-codes", "codes from 1 to 255, such as 3,4");
    }
    if (options.name != null && !NAME.matcher(options.name).matches()) {
      throw bad("--name " + options.name, "up to 63 letters, digits, dots, dashes and underscores");
    }
    if (options.trainMode == null != (options.modelParams == null)) {
      throw Failure.usage(
          "bad_value",
          "reading --train-mode and --model-params: one needs the other; give both or none");
    }
  }

  private static boolean isDeadline(String text) {
    if (DURATION.matcher(text).matches()) {
      return true;
    }
    try {
      OffsetDateTime.parse(text);
      return true;
    } catch (DateTimeException e) {
      return false;
    }
  }

  private static void positive(String option, Double value) {
    if (value != null && !(value > 0 && Double.isFinite(value))) {
      throw bad(option + " " + value, "an amount above 0");
    }
  }

  private static void exclusive(String one, boolean first, String other, boolean second) {
    if (first && second) {
      throw Failure.usage(
          "bad_value", "reading " + one + " and " + other + ": they exclude each other; give one");
    }
  }

  private static Failure bad(String what, String instead) {
    return Failure.usage("bad_value", "reading " + what + ": not understood; write " + instead);
  }
}
