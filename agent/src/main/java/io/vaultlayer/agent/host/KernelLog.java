package io.vaultlayer.agent.host;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernel's log since this was made; nothing where it may not be read, as in most containers.
 */
public final class KernelLog {
  private static final Pattern STAMPED = Pattern.compile("(?:<\\d+>)?(\\[\\s*(\\d+\\.\\d+)] .*)");

  private final double madeAtUptime = OomRecord.uptime();

  /** Whole lines, oldest first, each beginning with its stamp: {@code [ 12.345678] ...}. */
  public List<String> lines() {
    return since(Libc.kernelLog(), madeAtUptime);
  }

  static List<String> since(String log, double uptime) {
    return log.lines()
        .map(STAMPED::matcher)
        .filter(Matcher::matches)
        .filter(line -> Double.parseDouble(line.group(2)) >= uptime)
        .map(line -> line.group(1))
        .toList();
  }
}
