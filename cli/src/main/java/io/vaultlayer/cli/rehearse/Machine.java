package io.vaultlayer.cli.rehearse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The processes on this machine that stand for a job's machine: the agent and the script's. */
final class Machine {
  private static final int MOST_ENVIRONMENT = 4 << 20;
  private static final int MOST_ROUNDS = 20;

  /**
   * @param epoch of the attempt that it trains; 0 for the agent
   * @param kept the directory that is kept; null for the agent
   */
  record Member(ProcessHandle process, int epoch, Path instance, Path kept) {
    boolean trains() {
      return epoch > 0;
    }
  }

  private final Path instances;
  private final String job;

  Machine(Path instances, String job) {
    this.instances = instances;
    this.job = job;
  }

  /** Those that run now; the agents first, because they are the ones that would start others. */
  List<Member> members() {
    var found = new ArrayList<Member>();
    try (var all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (var each : all) {
        member(each).ifPresent(one -> found.add(one.trains() ? found.size() : 0, one));
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Processes come and go while one looks; the next look sees the rest.
      return found;
    }
    return found;
  }

  private Optional<Member> member(Path proc) {
    var seen = environment(proc.resolve("environ"));
    if (!instances.toString().equals(seen.get("VAULTLAYER_INSTANCE_DIR"))
        || !seen.getOrDefault("VAULTLAYER_INSTANCE", "").contains(job)) {
      return Optional.empty();
    }
    var instance = instances.resolve(seen.get("VAULTLAYER_INSTANCE"));
    return ProcessHandle.of(Long.parseLong(proc.getFileName().toString()))
        .map(process -> {
          var kept = seen.get("VAULTLAYER_CHECKPOINT_DIR");
          var attempt = seen.getOrDefault("VAULTLAYER_ATTEMPT", "");
          return kept != null && attempt.matches("[1-9][0-9]{0,8}")
              ? new Member(process, Integer.parseInt(attempt), instance, Path.of(kept))
              : new Member(process, 0, instance, null);
        });
  }

  private static Map<String, String> environment(Path file) {
    var found = new HashMap<String, String>();
    try (var in = Files.newInputStream(file)) {
      var text = new String(in.readNBytes(MOST_ENVIRONMENT), StandardCharsets.UTF_8);
      if (!text.contains("VAULTLAYER_INSTANCE")) {
        return Map.of();
      }
      for (var each : text.split("\0")) {
        int at = each.indexOf('=');
        if (at > 0 && each.startsWith("VAULTLAYER_")) {
          found.put(each.substring(0, at), each.substring(at + 1));
        }
      }
    } catch (IOException e) {
      return Map.of(); // it ended, or is another user's
    }
    return found;
  }

  /** True while one of them has a file below this directory open for writing. */
  static boolean writes(List<Member> members, Path kept) {
    for (var member : members) {
      var proc = Path.of("/proc", Long.toString(member.process().pid()));
      try (var open = Files.newDirectoryStream(proc.resolve("fd"))) {
        for (var each : open) {
          if (Files.readSymbolicLink(each).startsWith(kept) && forWriting(proc, each)) {
            return true;
          }
        }
      } catch (IOException | DirectoryIteratorException e) {
        continue; // it closed one meanwhile, or ended
      }
    }
    return false;
  }

  private static boolean forWriting(Path proc, Path open) throws IOException {
    for (var line : Files.readAllLines(proc.resolve("fdinfo").resolve(open.getFileName()))) {
      if (line.startsWith("flags:")) {
        return (Integer.parseInt(line.substring(6).strip(), 8) & 3) != 0;
      }
    }
    return false;
  }

  /** The machine is gone: SIGKILL to all that are known at once, then to whoever is left. */
  void lose(List<Member> known) throws InterruptedException {
    known.forEach(member -> member.process().destroyForcibly());
    var lost = known.stream().map(Member::instance).collect(Collectors.toSet());
    for (int round = 0; round < MOST_ROUNDS; round++) {
      var left = members().stream().filter(member -> lost.contains(member.instance())).toList();
      if (left.isEmpty()) {
        return;
      }
      left.forEach(member -> member.process().destroyForcibly());
      Thread.sleep(10);
    }
  }
}
