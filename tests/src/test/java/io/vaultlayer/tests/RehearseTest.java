package io.vaultlayer.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.testkit.python.FrameworkPython;
import io.vaultlayer.tests.Home.Ran;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rehearsals of scripts with one fault each: real processes, real kills, a plane of their own. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class RehearseTest {
  private static final Path SCRIPTS = Home.CHECKOUT.resolve("tests/src/test/rehearsed");

  /** They wait for steps, beats and leases most of the time. */
  private static final int AT_ONCE = 4;

  private final Path temporary = temporary();
  private final Home home = new Home(Map.of("TMPDIR", temporary.toString()));

  private static Path temporary() {
    try {
      return Files.createTempDirectory("vl rehearsals ");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void nothingIsLeft() {
    // A framework may leave files of its own there; ours go.
    try (var left = Files.newDirectoryStream(temporary, "vl-*")) {
      assertThat(left).isEmpty();
      assertThat(home.local()).doesNotExist();
    } catch (IOException e) {
      throw new AssertionError(e);
    } finally {
      home.close();
      Home.delete(temporary);
    }
  }

  private Ran rehearse(String fault) {
    // One that never saves is left alone to its end.
    var steps = fault.equals("never_saves") ? "100" : "600";
    return home.in(
        SCRIPTS,
        "rehearse",
        "--json",
        "--price",
        "3.6",
        "python3",
        "loop.py",
        "--fault",
        fault,
        "--starts",
        temporary.resolve("starts").toString(),
        "--steps",
        steps);
  }

  @Test
  void eachFaultGetsItsVerdictAndOnlyTheRightScriptIsCalledSafe() throws InterruptedException {
    var ran =
        allOf(
            "none",
            "never_saves",
            "never_loads",
            "counts_anew",
            "in_place",
            "forgets_random",
            "saves_seldom");
    var good = json(ran.get("none"), 0, "safe");
    assertThat(good.path("result").asText()).isEqualTo("bit_equal");
    assertThat(good.path("deterministic").asBoolean()).isTrue();
    assertThat(good.path("saves").size()).isGreaterThanOrEqualTo(3);
    assertThat(good.path("lossPerReclaimUsd").asDouble())
        .isCloseTo(
            good.path("lossPerReclaimSeconds").asDouble() / 1000,
            org.assertj.core.data.Offset.offset(1e-9));
    for (var kill : good.path("kills")) {
      assertThat(kill.path("hit").asBoolean()).as(good.toString()).isTrue();
      assertThat(kill.path("firstStep").asLong()).isEqualTo(kill.path("resumedFrom").asLong() + 1);
      assertThat(kill.path("continued").properties())
          .allSatisfy(each -> assertThat(each.getValue().asText()).isEqualTo("exactly"));
    }

    // Its first run shares no step with those that lose their machine; a further one does.
    var seldom = json(ran.get("saves_seldom"), 0, "safe");
    assertThat(ran.get("saves_seldom").err()).contains("left alone once more");
    assertThat(seldom.path("result").asText()).isEqualTo("bit_equal");
    // It saves half as often, so that on a busy machine the kill inside a save may meet none.
    assertThat(seldom.path("kills").get(0).path("hit").asBoolean()).isTrue();
    assertThat(seldom.path("kills"))
        .filteredOn(kill -> kill.path("hit").asBoolean())
        .allSatisfy(kill -> assertThat(kill.path("compared").asText()).contains("of step"));

    var random = json(ran.get("forgets_random"), 0, "resumes_approximately");
    assertThat(random.path("result").asText()).isEqualTo("statistically_equal");
    assertThat(random.path("kills").get(0).path("continued").path("rng").asText()).isEqualTo("no");
    assertThat(random.path("insertion").toString()).contains("random.setstate");

    var ignored = json(ran.get("never_loads"), 1, "restarts_from_zero");
    assertThat(ignored.path("kills").get(0).path("resumedFrom").asLong()).isPositive();
    assertThat(ignored.path("kills").get(0).path("firstStep").asLong()).isEqualTo(1);

    var anew = json(ran.get("counts_anew"), 1, "restarts_from_zero");
    assertThat(anew.path("kills").get(0).path("continued").path("loss").asText())
        .isEqualTo("approximately");
    assertThat(anew.path("advice").toString()).contains("loads its weights, but counts");

    var torn = json(ran.get("in_place"), 1, "restarts_from_zero");
    assertThat(torn.path("saves")).isEmpty();
    assertThat(torn.path("insertion").toString()).contains("os.replace");

    var nothing = json(ran.get("never_saves"), 1, "restarts_from_zero");
    assertThat(nothing.path("fidelity").asText()).isEqualTo("none");
    assertThat(nothing.path("insertion").toString()).contains("vaultlayer_checkpoint");
  }

  private Map<String, Ran> allOf(String... faults) throws InterruptedException {
    var ran = new TreeMap<String, Ran>();
    try (var lanes = Executors.newFixedThreadPool(AT_ONCE)) {
      var all = new TreeMap<String, Future<Ran>>();
      for (var fault : faults) {
        all.put(fault, lanes.submit((Callable<Ran>) () -> rehearse(fault)));
      }
      for (var each : all.entrySet()) {
        ran.put(each.getKey(), each.getValue().get());
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
    return ran;
  }

  private static JsonNode json(Ran ran, int exit, String verdict) {
    assertThat(ran.exit()).as(ran.out() + ran.err()).isEqualTo(exit);
    var report = ran.json();
    assertThat(report.path("verdict").asText()).as(ran.out() + ran.err()).isEqualTo(verdict);
    return report;
  }

  @Test
  void aRehearsalThatIsKilledLeavesNoProcessAndNoFile() throws Exception {
    var process = home.start(SCRIPTS, "rehearse", "python3", "loop.py");
    Home.until(
        Home.PATIENCE,
        "the script on its throwaway plane",
        () -> !Processes.withEnvironment("VAULTLAYER_CHECKPOINT_DIR=" + temporary).isEmpty());
    process.destroyForcibly().waitFor();
    Home.until(
        Home.PATIENCE,
        "an empty directory for temporary files",
        () -> {
          try (var left = Files.list(temporary)) {
            return left.findAny().isEmpty();
          } catch (IOException e) {
            return false;
          }
        });
    assertThat(Processes.withEnvironment("VAULTLAYER_HOME=" + temporary)).isEmpty();
  }

  @Test
  void aTrainerWithNothingOfOursIsSafe() throws IOException {
    var python = FrameworkPython.find();
    assumeTrue(python.isPresent(), "skipped: " + FrameworkPython.missing());
    // Where PyTorch is, a missing transformers is a failure.
    assumeTrue(python.get().has("torch"), "skipped: no torch in this Python");
    var workdir = Files.createTempDirectory("vl work ");
    Files.copy(
        Home.CHECKOUT.resolve("tests/src/test/frameworks/hf_trainer.py"),
        workdir.resolve("train.py"));
    var ran =
        home.in(workdir, "rehearse", "--json", python.get().interpreter().toString(), "train.py");
    var report = json(ran, 0, "safe");
    assertThat(report.path("framework").asText()).isEqualTo("transformers");
    assertThat(report.path("fidelity").asText()).isEqualTo("framework");
    assertThat(report.path("checkpointDir").asText()).isEqualTo("out");
    Home.delete(workdir);
  }
}
