package io.vaultlayer.providers;

import static org.awaitility.Awaitility.await;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Provider.Creation;
import io.vaultlayer.core.port.Provider.Launch;
import io.vaultlayer.core.port.Provider.Seen;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.testkit.fake.ManualClock;
import io.vaultlayer.testkit.fake.SeededEntropy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/** A folder of instances whose agent is a shell script, and what the script's processes do. */
final class Rig implements AutoCloseable {
  static final String OWNER = "me";
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final AtomicLong SEEDS = new AtomicLong();

  final Path dir;
  final ManualClock clock = new ManualClock();
  private final Path script;

  Rig(Path dir, String... body) throws IOException {
    this.dir = dir.toRealPath();
    script = this.dir.resolve("agent.sh");
    var lines = new ArrayList<String>();
    lines.add(
        "dir=$1; note() { echo \"$2\" > \"$dir/scratch/.$1\"; "
            + "mv \"$dir/scratch/.$1\" \"$dir/scratch/$1\"; }");
    lines.add("cp \"$dir/bootstrap.json\" \"$dir/scratch/bootstrap\"");
    lines.add("rm \"$dir/bootstrap.json\"");
    lines.addAll(List.of(body));
    lines.add("note ready $$");
    lines.add("exec sleep 600");
    Files.write(script, lines);
  }

  Path instances() {
    return dir.resolve("instances");
  }

  Path folder(String label) {
    return instances().resolve(label);
  }

  /** A new object each time, as after a restart of the plane. */
  LocalProvider provider() {
    return provider(instances(), List.of("/bin/sh", script.toString()));
  }

  LocalProvider provider(Path instances, List<String> agentCommand) {
    return new LocalProvider(
        instances, agentCommand, List::of, 2, 8, clock, new SeededEntropy(SEEDS.incrementAndGet()));
  }

  static Launch launch(String label) {
    var offer = new Offer("local", "here", GpuClass.CPU, 1, 0, "spot", 0, "m", true);
    return new Launch(label, offer, "{\"token\":\"once\"}");
  }

  /** Creates an instance and waits until its script has done all that it does. */
  Creation.Created start(String label) {
    var created = (Creation.Created) provider().create(launch(label));
    await().atMost(PATIENCE).until(() -> Files.exists(scratch(label, "ready")));
    return created;
  }

  Sighting sighting(String label) {
    return provider().list(OWNER).instances().stream()
        .filter(seen -> seen.label().equals(label))
        .map(Seen::sighting)
        .findFirst()
        .orElse(null);
  }

  Path scratch(String label, String name) {
    return folder(label).resolve("scratch").resolve(name);
  }

  /** A pid that the script noted. */
  long pid(String label, String name) {
    await().atMost(PATIENCE).until(() -> Files.exists(scratch(label, name)));
    try {
      return Long.parseLong(Files.readString(scratch(label, name)).strip());
    } catch (IOException unreadable) {
      throw new AssertionError(unreadable);
    }
  }

  /** Read independently of the code under test; a zombie does not live. */
  static boolean lives(long pid) {
    try {
      var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return !stat.substring(stat.lastIndexOf(')')).startsWith(") Z");
    } catch (IOException gone) {
      return false;
    }
  }

  static void awaitDeath(long pid) {
    await().atMost(PATIENCE).until(() -> !lives(pid));
  }

  @Override
  public void close() throws IOException {
    if (Files.isDirectory(instances())) {
      try (Stream<Path> folders = Files.list(instances())) {
        folders.map(folder -> folder.getFileName().toString()).forEach(provider()::terminate);
      }
    }
    provider().list(OWNER).instances().forEach(seen -> provider().terminate(seen.label()));
  }
}
