package io.vaultlayer.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A user's machine for one test: an empty home directory, the checkout's {@code ./vl}, and real
 * processes.
 */
final class Home implements AutoCloseable {
  static final Path CHECKOUT = checkout();

  /** Each wait ends within seconds; a machine with much else to do takes longer, and may. */
  static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final Duration LONGEST_COMMAND = Duration.ofMinutes(10);
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(20);
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  final Path directory;
  private final Map<String, String> environment;

  Home() {
    this(Map.of());
  }

  Home(Map<String, String> environment) {
    try {
      directory = Files.createTempDirectory("vl home ");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    this.environment = environment;
  }

  private static Path checkout() {
    var at = Path.of("").toAbsolutePath();
    while (!Files.isExecutable(at.resolve("vl"))) {
      at =
          Optional.ofNullable(at.getParent())
              .orElseThrow(() -> new AssertionError("no checkout above the tests"));
    }
    return at;
  }

  /** What one command did. */
  record Ran(int exit, String out, String err) {
    Ran ok() {
      if (exit != 0) {
        throw new AssertionError("exit " + exit + "\n" + out + "\n" + err);
      }
      return this;
    }

    JsonNode json() {
      try {
        return new ObjectMapper().readTree(out);
      } catch (IOException e) {
        throw new AssertionError("no JSON document: " + out + err, e);
      }
    }
  }

  Ran vl(String... arguments) {
    return in(CHECKOUT, arguments);
  }

  /** Runs {@code ./vl} from another working directory. */
  Ran in(Path workdir, String... arguments) {
    var process = start(workdir, arguments);
    try {
      var out = new StringBuilder();
      var reader = Thread.ofPlatform().start(() -> out.append(text(process.getInputStream())));
      var err = text(process.getErrorStream());
      reader.join();
      if (!process.waitFor(LONGEST_COMMAND.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("still running: " + String.join(" ", arguments));
      }
      return new Ran(process.exitValue(), out.toString(), err);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  Process start(Path workdir, String... arguments) {
    var command = new ArrayList<String>();
    command.add(CHECKOUT.resolve("vl").toString());
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).directory(workdir.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(k ->
            k.startsWith("VAULTLAYER_")
                || k.startsWith("VL_")
                || k.startsWith("MAVEN_")
                || k.equals("JAVA_TOOL_OPTIONS"));
    // A build, should one be needed, keeps what it downloads there.
    builder.environment().putIfAbsent("HOME", System.getProperty("user.home"));
    builder.environment().put("VAULTLAYER_HOME", directory.toString());
    builder.environment().putAll(environment);
    try {
      var process = builder.start();
      process.getOutputStream().close();
      return process;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String text(java.io.InputStream stream) {
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  // ---- jobs

  /** Submits and returns the job's id at once. */
  String submit(Path workdir, String... arguments) {
    var all =
        new ArrayList<>(List.of("run", "--detach", "--json", "--workdir", workdir.toString()));
    all.addAll(List.of(arguments));
    return vl(all.toArray(String[]::new)).ok().json().path("id").asText();
  }

  JsonNode status(String job) {
    return vl("status", job, "--json").ok().json();
  }

  /**
   * The same document, asked for by this process: a command costs some third of a second of a
   * processor, and looks that come again and again would leave little of it to what is tested. A
   * plane that does not answer is started again as any command does it.
   */
  private JsonNode look(String job) {
    try {
      var plane = planeFile();
      var token = read(Path.of(plane.path("tokenFile").asText())).strip();
      var asked =
          HttpRequest.newBuilder(URI.create(plane.path("endpoint").asText() + "/v1/jobs/" + job))
              .header("Authorization", "Bearer " + token)
              .timeout(LONGEST_LOOK)
              .build();
      var answer = HTTP.send(asked, BodyHandlers.ofString());
      if (answer.statusCode() == 200) {
        return Json.tree(answer.body());
      }
    } catch (IOException | AssertionError | Json.MalformedJson e) {
      return status(job); // killed or not up yet, or its file is gone with it
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return status(job);
  }

  /** Looks until the status is as wished, or fails with what it was last. */
  JsonNode await(String job, Duration limit, String what, Predicate<JsonNode> wished) {
    var end = Instant.now().plus(limit);
    JsonNode last = null;
    while (Instant.now().isBefore(end)) {
      last = look(job);
      if (wished.test(last)) {
        return last;
      }
      sleep(300);
    }
    throw new AssertionError(
        "waited " + limit + " for " + what + ", but the status is\n" + last + "\n" + planeLog());
  }

  JsonNode awaitEnd(String job, Duration limit) {
    return await(job, limit, "the end", s -> !s.path("endedAt").isNull());
  }

  static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Committed steps, as {@code vl checkpoints} shows them, with their status. */
  JsonNode checkpoints(String job) {
    return vl("checkpoints", job, "--json").ok().json().path("checkpoints");
  }

  /** Digest of the weights that a succeeded job left. */
  String weights(String job) {
    try {
      var to = Files.createTempDirectory("outputs");
      vl("outputs", "pull", job, "--to", to.toString()).ok();
      var digest =
          io.vaultlayer.core.lease.TokenHash.ofBytes(Files.readAllBytes(to.resolve("weights.bin")));
      delete(to);
      return digest;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** What a file holds, nothing while it is not there. */
  static String readIfThere(Path file) {
    return Files.exists(file) ? read(file) : "";
  }

  /** Looks every few milliseconds until it is so: for moments that a status would miss. */
  static void until(Duration limit, String what, java.util.function.BooleanSupplier so) {
    var end = Instant.now().plus(limit);
    while (!so.getAsBoolean()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError("waited " + limit + " for " + what);
      }
      sleep(5);
    }
  }

  // ---- processes

  Path local() {
    return directory.resolve("local");
  }

  JsonNode planeFile() {
    return Json.tree(read(local().resolve("plane.json")));
  }

  /** The directory in which the embedded bucket keeps a job's objects. */
  Path bucket(String job) {
    return local().resolve("bucket/vaultlayer-artifacts/jobs").resolve(job);
  }

  String planeLog() {
    try {
      var text = Files.readString(local().resolve("plane.out"));
      return text.substring(Math.max(0, text.length() - 4000));
    } catch (IOException e) {
      return "(no plane.out)";
    }
  }

  void killPlane() {
    Processes.kill("KILL", planeFile().path("pid").asLong());
    Processes.awaitGone(planeFile().path("pid").asLong());
  }

  /** The job's instance of one epoch; the newest where it was launched more than once. */
  Path instance(String job, int epoch) {
    return findInstance(job, epoch)
        .orElseThrow(() -> new AssertionError("no instance of epoch " + epoch + " of " + job));
  }

  /**
   * The instance on which a job is said to run. A training that died alone goes on there in the
   * next epoch, so its directory may bear an earlier one.
   */
  Path instanceOf(JsonNode status) {
    var id = status.path("instanceId").asText();
    try (Stream<Path> all = Files.list(local().resolve("instances"))) {
      return all.filter(p -> readIfThere(p.resolve("instance.json")).contains('"' + id + '"'))
          .findAny()
          .orElseThrow(() -> new AssertionError("no instance " + id));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Empty where none was launched. */
  Optional<Path> findInstance(String job, int epoch) {
    try (Stream<Path> all = Files.list(local().resolve("instances"))) {
      return all.filter(p -> p.getFileName().toString().contains(job + "-e" + epoch + "-"))
          .max(java.util.Comparator.naturalOrder());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * The host of an epoch is gone, without a word. {@code vl kill-instance} does the same, but a
   * command takes its time to start, and on a busy machine the moment is over before it has.
   */
  void loseHost(String job, int epoch) {
    var instance = instance(job, epoch);
    for (int again = 0; again < 100 && !processes(instance).isEmpty(); again++) {
      Processes.kill("KILL", processes(instance));
    }
  }

  /** The living processes of one instance: its agent, its training and all their children. */
  static List<Long> processes(Path instance) {
    return Processes.withEnvironment("VAULTLAYER_INSTANCE=" + instance.getFileName() + "\0");
  }

  /** The training processes of one instance, known by a word of their command line. */
  static List<Long> training(Path instance, String word) {
    return processes(instance).stream()
        .filter(p -> Processes.commandLine(p).contains(word))
        .toList();
  }

  /** The agent of one instance. */
  static long agent(Path instance) {
    return Json.tree(read(instance.resolve("instance.json"))).path("pid").asLong();
  }

  /** Every living process that was started for an instance of this home. */
  List<Long> instanceProcesses() {
    return Processes.withEnvironment("VAULTLAYER_INSTANCE_DIR=" + local());
  }

  @Override
  public void close() {
    vl("local", "down");
    instanceProcesses().forEach(pid -> Processes.kill("KILL", pid));
    delete(directory);
  }

  static void delete(Path root) {
    try (Stream<Path> all = Files.walk(root)) {
      all.sorted(java.util.Comparator.reverseOrder()).forEach(p -> p.toFile().delete());
    } catch (IOException e) {
      // a directory that something still writes to; the system's own cleaning takes it
    }
  }
}
