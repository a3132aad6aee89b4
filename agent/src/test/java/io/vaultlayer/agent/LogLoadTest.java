package io.vaultlayer.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.wire.AttemptApi;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A script that prints 10 MB/s, beside a real agent. */
class LogLoadTest {
  /** What a PUT of a megabyte takes at a bucket that is some way off. */
  private static final long PUT_NANOS = 60_000_000;

  /** Prints so many MB at most so fast, works a little for each, and says how long it took. */
  private static final String SCRIPT =
      """
      import sys, time
      megabytes, rate, work = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
      line = 'step %%d ' + 'x' * 85 + '\\n'
      begun = time.monotonic()
      for i in range(megabytes * 10):
          sum(range(work))
          sys.stdout.write(''.join(line %% (i * 1000 + n) for n in range(1000)))
          ahead = (i + 1) / 10 / rate - (time.monotonic() - begun) if rate else 0
          if ahead > 0:
              time.sleep(ahead)
      sys.stdout.flush()
      print('took %%.3f' %% (time.monotonic() - begun), flush=True)
      if len(sys.argv) > 4:
          print('the last words', flush=True)
          import os, signal
          os.kill(os.getpid(), signal.SIGKILL)
      """
          .replace("%%", "%");

  @TempDir Path directory;

  @BeforeAll
  static void needsPython() {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "python3"))),
        "no python3 on the PATH: shipping at 10 MB/s was not looked at");
  }

  @Test
  void tenMegabytesASecondArriveWholeWithTheLastWordsOfAKilledScript() throws Exception {
    try (var scene = scene("scene", "30", "10", "0", "killed")) {
      scene.bucket.faults(call -> {
        LockSupport.parkNanos(call.method().equals("PUT") ? PUT_NANOS : 0);
        return Fault.NONE;
      });
      scene.plane.lastAttempt();
      scene.launch();
      scene.printed(1, "the last words");
      long ended = System.nanoTime();
      scene.await(() -> !scene.plane.bodies(AttemptApi.Next.class).isEmpty());
      System.err.printf(
          Locale.ROOT,
          "log load: reported %.1f s after the end%n",
          (System.nanoTime() - ended) / 1e9);
      assertThat(scene.shipped(1)).isEqualTo(Files.readString(scene.output(1)));
      assertThat(scene.shipped(1)).endsWith("the last words\n");
      assertThat(scene.shipped(1).length()).isGreaterThan(28_000_000);
    }
  }

  /**
   * {@code -Dvaultlayer.bench.logs=true}. One process that computes and prints 10 MB/s as fast as
   * it can, ten pairs in the order ABBA; prints medians, holds nothing.
   */
  @Test
  @EnabledIfSystemProperty(named = "vaultlayer.bench.logs", matches = "true")
  void whatItCostsTheScript() throws Exception {
    var with = new ArrayList<Double>();
    var without = new ArrayList<Double>();
    for (int pair = 0; pair < 10; pair++) {
      boolean first = pair % 2 == 0;
      double a = first ? alone(pair) : shipped(pair);
      double b = first ? shipped(pair) : alone(pair);
      without.add(first ? a : b);
      with.add(first ? b : a);
    }
    var ratios = new ArrayList<Double>();
    for (int i = 0; i < with.size(); i++) {
      ratios.add(with.get(i) / without.get(i));
    }
    System.err.printf(
        Locale.ROOT,
        "script alone %.2f s, shipped %.2f s (medians of 10); ratio of pairs: median %.3f, %s%n",
        median(without),
        median(with),
        median(ratios),
        ratios.stream().sorted().map(r -> "%.3f".formatted(r)).toList());
  }

  private static final String[] WORK = {"50", "0", "800000"};

  private double shipped(int pair) throws Exception {
    try (var scene = scene("s" + pair, WORK)) {
      scene.launch();
      double took = Double.parseDouble(scene.printed(1, "took "));
      scene.exitCode();
      return took;
    }
  }

  private double alone(int pair) throws Exception {
    Path script = Files.writeString(directory.resolve("alone.py"), SCRIPT);
    Path output = directory.resolve("alone" + pair + ".log");
    var command = new ArrayList<>(List.of("python3", script.toString()));
    command.addAll(List.of(WORK));
    var process = new ProcessBuilder(command).redirectOutput(output.toFile()).start();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String text = Files.readString(output, StandardCharsets.UTF_8);
    return Double.parseDouble(text.substring(text.lastIndexOf("took ") + 5).strip());
  }

  private AgentScene scene(String name, String... arguments) throws Exception {
    var scene = new AgentScene(Files.createDirectory(directory.resolve(name)), "");
    scene.workdir(java.util.Map.of("print.py", SCRIPT));
    var command = new ArrayList<>(List.of("python3", "print.py"));
    command.addAll(List.of(arguments));
    scene.command = command;
    return scene;
  }

  private static double median(List<Double> values) {
    var sorted = values.stream().sorted().toList();
    return (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
  }
}
