package io.vaultlayer.agent.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether the kernel has killed for want of memory since this was made: by the count of the control
 * group (both versions), else by the kernel's log naming the process. A count that others in the
 * same group caused looks the same; that error fails a job with a clear reason, where the opposite
 * one would start a program again and again that cannot fit.
 */
public final class OomRecord {
  private static final Pattern KILLED =
      Pattern.compile("\\[\\s*(\\d+)\\.\\d+].*(?:Killed process|Out of memory.*process) (\\d+)");

  private final Optional<Path> counter;
  private final long before;
  private final double madeAtUptime;

  private OomRecord(Optional<Path> counter) {
    this.counter = counter;
    this.before = count().orElse(0);
    this.madeAtUptime = uptime();
  }

  /** Notes what the counters say now. */
  public static OomRecord start() {
    return new OomRecord(counterOfThisProcess());
  }

  static OomRecord start(Path counter) {
    return new OomRecord(Optional.of(counter));
  }

  /** Whether a kill for want of memory is on record since, the given process's in the log. */
  public boolean killed(int pid) {
    OptionalLong now = count();
    return now.isPresent() && now.getAsLong() > before || namedInLog(pid);
  }

  private boolean namedInLog(int pid) {
    return Libc.kernelLog()
        .lines()
        .map(KILLED::matcher)
        .filter(Matcher::find)
        .anyMatch(found ->
            Integer.parseInt(found.group(2)) == pid
                && Double.parseDouble(found.group(1)) >= madeAtUptime - 1);
  }

  private OptionalLong count() {
    if (counter.isEmpty()) {
      return OptionalLong.empty();
    }
    try (var lines = Files.lines(counter.get())) {
      return lines
          .filter(line -> line.startsWith("oom_kill "))
          .mapToLong(line -> Long.parseLong(line.substring("oom_kill ".length()).trim()))
          .findFirst();
    } catch (IOException | RuntimeException e) {
      return OptionalLong.empty();
    }
  }

  private static Optional<Path> counterOfThisProcess() {
    try {
      return Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
          .map(OomRecord::counter)
          .flatMap(Optional::stream)
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** {@code 0::/path} is version 2, {@code 4:memory:/path} version 1. */
  private static Optional<Path> counter(String line) {
    String[] parts = line.split(":", 3);
    if (parts.length < 3) {
      return Optional.empty();
    }
    boolean memory = List.of(parts[1].toLowerCase(Locale.ROOT).split(",")).contains("memory");
    String group = parts[2].equals("/") ? "" : parts[2];
    // Inside a container the path may be the host's, and the group's own files stand at the root.
    List<String> places =
        memory
            ? List.of(
                "/sys/fs/cgroup/memory" + group + "/memory.oom_control",
                "/sys/fs/cgroup/memory/memory.oom_control")
            : parts[1].isEmpty()
                ? List.of(
                    "/sys/fs/cgroup" + group + "/memory.events", "/sys/fs/cgroup/memory.events")
                : List.of();
    return places.stream().map(Path::of).filter(Files::isReadable).findFirst();
  }

  static double uptime() {
    try {
      return Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
    } catch (IOException | RuntimeException e) {
      return 0;
    }
  }
}
