package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.testkit.python.FrameworkPython;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Makes one row happen, through the real plane and the real agent, and measures it. */
final class MatrixRun {
  private static final Duration LONG = Duration.ofMinutes(10);

  /** A look at the job takes longer than a short save, and half a second of processor time. */
  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(10);

  /** For what stays as it is once it has come; figures are told in tenths of a second. */
  private static final long UNHURRIED = 50;

  private static final Executor OWN_THREAD = task -> Thread.ofPlatform().daemon().start(task);

  private static final Pattern WEIGHTS = Pattern.compile("(?m)^weights (\\d+) ([0-9a-f]{64})$");
  private static final Pattern PRINTED = Pattern.compile("(?m)^step (\\d+) loss");
  private static final int NOTICE_SECONDS = 30;

  /** One thread each, so that sums are added in one order; and nothing is looked up elsewhere. */
  private static final Map<String, String> QUIET =
      Map.of(
          "OMP_NUM_THREADS", "1",
          "HF_HUB_OFFLINE", "1",
          "TOKENIZERS_PARALLELISM", "false",
          "JAX_PLATFORMS", "cpu");

  private static final Map<List<String>, String> TWINS = new ConcurrentHashMap<>();

  private final Home home;
  private final FrameworkPython python;
  private final MatrixRow row;
  private final String agent;
  private String job;
  private Path instance;
  private Instant struck;
  private OptionalLong torn = OptionalLong.empty();
  private String note;

  /**
   * @param agent which sources of the agent are run; null where nobody notes it
   */
  MatrixRun(Home home, FrameworkPython python, MatrixRow row, String agent) {
    this.home = home;
    this.python = python;
    this.row = row;
    this.agent = agent;
  }

  MatrixResult run() {
    var command = row.script().command(python, row.start());
    if (agent != null) {
      twin(command); // figures are noted, so nothing runs beside
    }
    var arguments = new ArrayList<>(row.script().options());
    QUIET.forEach((name, value) -> arguments.addAll(List.of("--env", name + "=" + value)));
    arguments.addAll(command);
    var workdir = row.script().workdir();
    job = home.submit(workdir, arguments.toArray(String[]::new));
    Home.delete(workdir);
    Home.until(LONG, "a first commit of " + row, () -> !committed().isEmpty());
    instance = home.instance(job, 1);
    switch (row.fault()) {
      case BETWEEN_SAVES -> betweenSaves();
      case INSIDE_SAVE -> insideSave();
      case INSIDE_UPLOAD -> insideUpload();
      case NOTICE -> notice();
    }
    // No moment is waited for any more, so the twin may take its part of the processors.
    var whole = CompletableFuture.supplyAsync(() -> twin(command), OWN_THREAD);
    var stepAtKill = step();
    var before = read(hook(1));
    var secondsToGoOn = secondsToGoOn();
    home.vl("wait", job);
    return judged(whole.join(), stepAtKill, before, secondsToGoOn);
  }

  /** Computed once for all rows and tries that are started in the same way. */
  private String twin(List<String> command) {
    return TWINS.computeIfAbsent(command, this::undisturbed);
  }

  private MatrixResult judged(
      String whole, OptionalLong stepAtKill, String before, double secondsToGoOn) {
    var end = home.status(job);
    var logs = home.vl("logs", job).out();
    var told = row + "\n" + end + "\n" + tail(logs);
    assertThat(end.path("state").asText()).as(told).isEqualTo("succeeded");
    assertThat(end.path("attempts")).as(told).hasSize(2);
    var second = end.path("attempts").get(1);
    assertThat(second.path("resumedFrom").asLong(0)).as(told).isPositive();
    assertThat(end.path("warnings").toString()).as(told).doesNotContain("did not resume");
    assertThat(logs).as(told).doesNotContain("resume_not_observed", "the hook failed");
    long resumed = second.path("resumedFrom").asLong();
    torn.ifPresent(step -> assertThat(committed()).as(told).doesNotContain(step));
    if (!second.path("firstStep").isNull()) {
      assertThat(second.path("firstStep").asLong()).as(told).isEqualTo(resumed + 1);
    }
    var weights = lastWeights(logs);
    assertThat(weights).as(told).isEqualTo(whole);
    return new MatrixResult(
        row.toString(),
        stepAtKill.isPresent() ? stepAtKill.getAsLong() : null,
        resumed,
        weights.equals(whole),
        secondsLost(before, resumed),
        secondsToGoOn,
        note,
        LocalDate.now(ZoneOffset.UTC).toString(),
        agent);
  }

  // ---- faults

  /** The training ended before the moment came at which it was to be struck. */
  static final class Missed extends AssertionError {
    private static final long serialVersionUID = 1L;

    Missed(String what) {
      super("the job ended before there was " + what);
    }
  }

  private void await(String what, BooleanSupplier so) {
    var look = new AtomicReference<>(Instant.now());
    Home.until(
        LONG,
        what,
        () -> {
          if (so.getAsBoolean()) {
            return true;
          }
          if (Instant.now().isAfter(look.get().plus(BETWEEN_LOOKS))) {
            look.set(Instant.now());
            if (!home.status(job).path("endedAt").isNull()) {
              throw new Missed(what);
            }
          }
          return false;
        });
  }

  private void betweenSaves() {
    long saved = newest(committed());
    await("steps after a save of " + row, () -> step().orElse(0) > saved && !isSaving());
    strike();
  }

  /** Stops the training in the moment that a save has begun, and looks whether it is not whole. */
  private void insideSave() {
    var pids = new ArrayList<Long>();
    await(
        "a stop inside a save of " + row,
        () -> {
          if (pids.isEmpty()) {
            pids.addAll(Home.training(instance, row.script().file));
          }
          if (!isSaving()) {
            return false;
          }
          Processes.kill("STOP", pids);
          if (isSaving()) {
            return true;
          }
          Processes.kill("CONT", pids);
          return false;
        });
    torn = savingStep();
    strike();
  }

  private void insideUpload() {
    var pids = new ArrayList<>(List.of(Home.agent(instance)));
    await(
        "a stop inside an upload of " + row,
        () -> {
          if (!isUploading()) {
            return false;
          }
          Processes.kill("STOP", pids);
          if (isUploading()) {
            return true;
          }
          Processes.kill("CONT", pids);
          return false;
        });
    strike();
  }

  private void notice() {
    long saved = newest(committed());
    await("steps after a save", () -> step().orElse(0) > saved && !isSaving());
    struck = Instant.now();
    try {
      Files.writeString(instance.resolve("reclaim"), Integer.toString(NOTICE_SECONDS));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    var log = instance.resolve("agent.log");
    Home.until(
        LONG,
        "the end of the first host",
        () -> {
          note = decided(read(log)).orElse(note);
          Home.sleep(UNHURRIED); // each look goes through all processes
          return Home.processes(instance).isEmpty();
        });
  }

  /** Whether the agent asked for a last save, and why. */
  private static Optional<String> decided(String log) {
    return events(log, "last_save", "no_last_save").stream()
        .findFirst()
        .map(each ->
            each.path("event").asText().replace('_', ' ') + ": " + each.path("why").asText());
  }

  /** The host is gone, without a word: agent, launcher, every rank. */
  private void strike() {
    struck = Instant.now();
    home.loseHost(job, 1);
  }

  // ---- what can be seen from outside

  private List<Long> committed() {
    return steps(step -> Files.exists(step.resolve("_manifest.json")));
  }

  /** Beside a checkpoint that is committed already: files of a step whose manifest has not come. */
  private boolean isUploading() {
    return !steps(step -> Files.notExists(step.resolve("_manifest.json"))).isEmpty();
  }

  private List<Long> steps(java.util.function.Predicate<Path> wanted) {
    var epoch = home.bucket(job).resolve("checkpoints/e00000001");
    try (Stream<Path> all = Files.list(epoch)) {
      return all.filter(wanted)
          .map(p -> Long.parseLong(p.getFileName().toString().substring("step-".length())))
          .toList();
    } catch (IOException | java.io.UncheckedIOException e) {
      return List.of();
    }
  }

  private static long newest(List<Long> steps) {
    return steps.stream().mapToLong(Long::longValue).max().orElse(0);
  }

  /** The step that is done now, as the hook tells it or the script prints it. */
  private OptionalLong step() {
    var logs = instance.resolve("scratch/logs/e00000001");
    var told = read(logs.resolve("progress.json"));
    if (!told.isBlank()) {
      try {
        return OptionalLong.of(Json.tree(told).path("step").asLong());
      } catch (Json.MalformedJson e) {
        return OptionalLong.empty();
      }
    }
    var printed = PRINTED.matcher(read(logs.resolve("output.log")));
    var last = OptionalLong.empty();
    while (printed.find()) {
      last = OptionalLong.of(Long.parseLong(printed.group(1)));
    }
    return last;
  }

  private boolean isSaving() {
    if (row.script() == MatrixScript.TORCH_SAVE) {
      return isTorn(instance.resolve("scratch/work/runs/last.pt"));
    }
    var told = events(read(hook(1)), "saving", "saved");
    return !told.isEmpty() && told.getLast().path("event").asText().equals("saving");
  }

  private OptionalLong savingStep() {
    var told = events(read(hook(1)), "saving");
    return told.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(told.getLast().path("step").asLong());
  }

  /** torch.save writes the end of a zip archive last. */
  private static boolean isTorn(Path file) {
    try (var open = new RandomAccessFile(file.toFile(), "r")) {
      if (open.length() < 22) {
        return true;
      }
      open.seek(open.length() - 22);
      return open.readInt() != 0x504b0506;
    } catch (IOException e) {
      return false;
    }
  }

  private Path hook(int epoch) {
    return home.instance(job, epoch)
        .resolve("scratch/logs/e%08d/hook/events.jsonl".formatted(epoch));
  }

  private static List<JsonNode> events(String lines, String... names) {
    return lines
        .lines()
        .filter(line -> line.endsWith("}"))
        .map(Json::tree)
        .filter(each -> List.of(names).contains(each.path("event").asText()))
        .toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  // ---- figures

  /** From the moment the resumed step was done to the kill: the work that is done again. */
  private Double secondsLost(String before, long resumed) {
    return events(before, "saving", "saved").stream()
        .filter(each -> each.path("step").asLong() == resumed)
        .findFirst()
        .map(each -> Math.max(0, seconds(struck) - each.path("at").asDouble()))
        .orElse(null);
  }

  /** From the kill, or the notice, until the loop of the next attempt begins or has ended. */
  private double secondsToGoOn() {
    Home.until(LONG, "the next attempt's loop in " + row, this::hasGoneOn);
    return seconds(Instant.now()) - seconds(struck);
  }

  private boolean hasGoneOn() {
    Home.sleep(UNHURRIED);
    return home.findInstance(job, 2)
        .map(instance -> instance.resolve("scratch/logs/e00000002"))
        .filter(logs ->
            !events(read(logs.resolve("hook/events.jsonl")), "found").isEmpty()
                || read(logs.resolve("output.log")).contains("resuming at step"))
        .isPresent();
  }

  private static double seconds(Instant at) {
    return at.toEpochMilli() / 1000.0;
  }

  private String undisturbed(List<String> command) {
    var workdir = row.script().workdir();
    try {
      var builder =
          new ProcessBuilder(command).directory(workdir.toFile()).redirectErrorStream(true);
      builder.environment().keySet().removeIf(k -> k.startsWith("VAULTLAYER_"));
      builder.environment().putAll(QUIET);
      var process = builder.start();
      var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new AssertionError(command + " does not even run undisturbed:\n" + tail(text));
      }
      return lastWeights(text);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      Home.delete(workdir);
    }
  }

  private static String lastWeights(String text) {
    var found = WEIGHTS.matcher(text);
    Optional<String> last = Optional.empty();
    while (found.find()) {
      last = Optional.of(found.group(1) + " " + found.group(2));
    }
    return last.orElse("no weights in:\n" + tail(text));
  }

  private static String tail(String text) {
    return text.substring(Math.max(0, text.length() - 3000));
  }
}
