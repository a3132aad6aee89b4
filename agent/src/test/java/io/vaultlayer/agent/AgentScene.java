package io.vaultlayer.agent;

import io.vaultlayer.agent.host.ProcessTree;
import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.awaitility.Awaitility;

/**
 * A real agent as a process of its own, between a fake control plane and a bucket in memory. The
 * training script is {@code sh train.sh} of the given text.
 */
final class AgentScene implements AutoCloseable {
  static final String JOB = "job_01test";

  final LoopbackBucket bucket = new LoopbackBucket();
  final FakePlane plane;
  final Path directory;
  final String label = "vl-test-" + UUID.randomUUID();

  List<String> command = List.of("sh", "train.sh");
  Map<String, String> environment = Map.of();
  String setup;
  String checkpointDir;
  String checkpointEvery;
  int leaseSeconds = 4;
  int parkSeconds = 600;
  int deadManSeconds = 1800;

  /** Beside what the agent's own environment has. */
  Map<String, String> hostEnvironment = Map.of();

  /** Nothing takes so long but on a machine with much else to do; whatever comes ends a wait. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(150);

  private byte[] workdir;
  private Process agent;

  AgentScene(Path directory, String script) throws IOException {
    this.directory = directory;
    this.plane = new FakePlane(JOB, this::assignment);
    workdir(Map.of("train.sh", script));
  }

  void workdir(Map<String, String> files) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
      for (var file : new TreeMap<>(files).entrySet()) {
        byte[] content = file.getValue().getBytes(StandardCharsets.UTF_8);
        var entry = new TarArchiveEntry(file.getKey());
        entry.setSize(content.length);
        entry.setMode(0755);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
      }
    }
    workdir = bytes.toByteArray();
    bucket.objects().put(workdirKey(), workdir);
  }

  private String workdirKey() {
    return BucketLayout.workdir(JOB, Hex.of(Hex.sha256(workdir)));
  }

  private AttemptApi.Assignment assignment(int epoch) {
    return new AttemptApi.Assignment(
        JOB,
        epoch,
        "test",
        command,
        environment,
        Map.of("PATH", System.getenv("PATH")),
        setup,
        checkpointDir,
        checkpointEvery,
        workdirKey(),
        Hex.of(Hex.sha256(workdir)),
        workdir.length,
        null,
        bucket.credentials(),
        1,
        leaseSeconds,
        parkSeconds,
        deadManSeconds,
        List.of(75),
        null);
  }

  /** Launches the agent as a provider would. */
  AgentScene launch() throws IOException {
    Files.writeString(directory.resolve("bootstrap.json"), Json.render(plane.bootstrap(label)));
    return start();
  }

  /** Starts the agent on the directory as it is. */
  AgentScene start() throws IOException {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx48m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "io.vaultlayer.agent.AgentMain",
            directory.toString());
    builder.environment().putAll(hostEnvironment);
    builder.environment().put(ProcessTree.MARKER, label);
    builder.redirectErrorStream(true);
    builder.redirectOutput(
        ProcessBuilder.Redirect.appendTo(directory.resolve("agent.log").toFile()));
    agent = builder.start();
    return this;
  }

  Process agent() {
    return agent;
  }

  int exitCode() throws InterruptedException {
    if (!agent.waitFor(LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the agent still runs: " + agentLog());
    }
    return agent.exitValue();
  }

  AttemptApi.Exit exit() {
    await(() -> !plane.bodies(AttemptApi.Exit.class).isEmpty());
    return plane.bodies(AttemptApi.Exit.class).getFirst();
  }

  /** What was shipped of an attempt's output. */
  String shipped(int epoch) {
    var bytes = new ByteArrayOutputStream();
    for (long sequence = 1; ; sequence++) {
      byte[] piece = bucket.objects().get(BucketLayout.log(JOB, epoch, sequence));
      if (piece == null) {
        return bytes.toString(StandardCharsets.UTF_8);
      }
      bytes.writeBytes(piece);
    }
  }

  /** Waits until the script has printed this, and returns the rest of its line. */
  String printed(int epoch, String beginning) {
    await(() -> line(epoch, beginning) != null);
    return line(epoch, beginning);
  }

  private String line(int epoch, String beginning) {
    Path output = output(epoch);
    try {
      return !Files.exists(output)
          ? null
          : Files.readString(output)
              .lines()
              .filter(line -> line.startsWith(beginning))
              .map(line -> line.substring(beginning.length()))
              .findFirst()
              .orElse(null);
    } catch (IOException e) {
      return null;
    }
  }

  Path output(int epoch) {
    return directory.resolve("scratch/logs/" + BucketLayout.epochName(epoch) + "/output.log");
  }

  Path kept() {
    return directory.resolve("scratch/checkpoints");
  }

  String agentLog() {
    try {
      return Files.readString(directory.resolve("agent.log"));
    } catch (IOException e) {
      return "";
    }
  }

  void await(Callable<Boolean> condition) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(20))
        .atMost(LONGEST_WAIT)
        .conditionEvaluationListener(evaluated -> {
          if (!evaluated.isSatisfied() && evaluated.getRemainingTimeInMS() < 100) {
            System.err.println(agentLog());
          }
        })
        .until(condition);
  }

  static void signal(String signal, long... pids) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("kill", "-" + signal, "--"));
    for (long pid : pids) {
      command.add(Long.toString(pid));
    }
    new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  static boolean alive(String pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid.trim() + "/stat"));
      return !stat.substring(stat.lastIndexOf(')') + 2).startsWith("Z");
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() {
    if (agent != null) {
      agent.destroyForcibly();
    }
    new ProcessTree(label, directory.resolve("scratch/logs")).kill();
    plane.close();
    bucket.close();
  }
}
