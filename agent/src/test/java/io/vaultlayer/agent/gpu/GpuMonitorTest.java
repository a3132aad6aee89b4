package io.vaultlayer.agent.gpu;

import static io.vaultlayer.agent.gpu.FakeSmi.device;
import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.GpuFigures;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The monitor with a program of its own that stands in for nvidia-smi. */
class GpuMonitorTest {
  private static final Duration LIMIT = Duration.ofMillis(1500);

  @TempDir Path directory;
  private FakeSmi smi;
  private GpuMonitor monitor;
  private final List<String> kernel = new ArrayList<>();

  @BeforeEach
  void make() throws Exception {
    smi = new FakeSmi(directory);
    smi.devices(device(0, 97, 71234, 81559, 64, "312.47", 0), device(1, 3, 0, 81559, 35, 60, 0));
    monitor =
        new GpuMonitor(
            Optional.of(
                new NvidiaSmi(smi.program(), smi.environment(), directory.resolve("out"), LIMIT)),
            () -> List.copyOf(kernel),
            Duration.ofMillis(50));
  }

  @AfterEach
  void stop() {
    monitor.stop();
  }

  private void look(int times) {
    for (int i = 0; i < times; i++) {
      monitor.atTheEnd();
    }
  }

  @Test
  void theFiguresAreThoseOfTheDriverToHalfAPercent() {
    look(1);
    var figures = GpuFigures.parse(monitor.figures()).orElseThrow();
    assertThat(monitor.figures()).hasSize(12);
    assertThat(figures).hasSize(2);
    assertThat(figures.getFirst().utilisationPercent()).hasValue(97);
    assertThat(figures.getFirst().memoryTotalMiB().orElseThrow()).isBetween(81400L, 81700L);
    assertThat(figures.getFirst().memoryUsedMiB().orElseThrow()).isBetween(70900L, 71500L);
    assertThat(figures.getFirst().temperatureC()).hasValue(64);
    assertThat(figures.getFirst().powerW()).hasValue(312);
    assertThat(monitor.ailment()).isEmpty();
    assertThat(monitor.warning()).isEmpty();
  }

  @Test
  void whatACardDoesNotHaveIsUnknown() throws Exception {
    smi.devices(device(0, "[N/A]", 10, 24564, 41, "[Not Supported]", "[N/A]"));
    look(1);
    var figure = GpuFigures.parse(monitor.figures()).orElseThrow().getFirst();
    assertThat(figure.utilisationPercent()).isEmpty();
    assertThat(figure.powerW()).isEmpty();
    assertThat(figure.temperatureC()).hasValue(41);
    assertThat(monitor.ailment()).isEmpty();
  }

  @Test
  void aDriverThatHangsDelaysNobodyAndIsToldAtTheSecondTime() throws Exception {
    smi.hangs(true);
    long begun = System.nanoTime();
    look(1);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isBetween(LIMIT, LIMIT.plusSeconds(2));
    assertThat(monitor.warning()).isEmpty();
    look(1);
    assertThat(monitor.warning().orElseThrow()).contains("may hang");
    assertThat(monitor.ailment()).as("what it computes may be right").isEmpty();
    assertThat(monitor.figures()).isNull();
    smi.hangs(false);
    look(1);
    assertThat(monitor.warning()).isEmpty();
    assertThat(monitor.figures()).isNotNull();
  }

  @Test
  void uncorrectableErrorsCountFromTheBeginningOfTheAttempt() throws Exception {
    smi.devices(device(0, 97, 1, 81559, 64, 312, 7));
    look(2);
    assertThat(monitor.ailment()).isEmpty();
    smi.devices(device(0, 97, 1, 81559, 64, 312, 9));
    assertThat(monitor.atTheEnd().orElseThrow().text())
        .contains("GPU 0 has counted 2 uncorrectable");
    assertThat(monitor.ailment()).isPresent();
  }

  @Test
  void aDeviceThatIsMissingTwiceIsLost() throws Exception {
    look(1);
    smi.devices(device(0, 97, 71234, 81559, 64, 312, 0));
    look(1);
    assertThat(monitor.ailment()).isEmpty();
    look(1);
    assertThat(monitor.ailment().orElseThrow()).contains("GPU 1 (GPU-1) is no longer there");
  }

  @Test
  void aDriverThatCannotReachItsDeviceSaysSo() throws Exception {
    look(1);
    smi.says("Unable to determine the device handle for GPU0000:00:00.0: Unknown Error\n");
    look(1);
    assertThat(monitor.ailment()).isEmpty();
    look(1);
    assertThat(monitor.ailment().orElseThrow()).startsWith("Unable to determine the device handle");
  }

  @Test
  void aFatalXidOfOurOwnDeviceCountsAndAStrangersDoesNot() {
    look(1);
    kernel.add("[  100.5] NVRM: Xid (PCI:0000:99:00): 79, pid=1, GPU has fallen off the bus.");
    kernel.add("[  101.5] NVRM: Xid (PCI:0000:01:00): 31, pid=1, Ch 8, MMU Fault");
    look(1);
    assertThat(monitor.ailment()).isEmpty();
    kernel.add("[  102.5] NVRM: Xid (PCI:0000:01:00): 79, pid=1, GPU has fallen off the bus.");
    look(1);
    assertThat(monitor.ailment().orElseThrow()).contains("Xid (PCI:0000:01:00): 79");
  }

  @Test
  void heatAilsWhileItLasts() throws Exception {
    smi.devices(device(0, 97, 1, 81559, 101, 312, 0));
    look(1);
    assertThat(monitor.ailment()).isEmpty();
    look(1);
    assertThat(monitor.ailment()).contains("GPU 0 is 101 degrees hot");
    smi.devices(device(0, 97, 1, 81559, 92, 312, 0));
    look(1);
    assertThat(monitor.ailment()).isEmpty();
  }

  @Test
  void itLooksByItselfUntilItIsStopped() throws Exception {
    monitor.start();
    Awaitility.await().until(() -> monitor.figures() != null);
    smi.devices(device(0, 50, 1, 81559, 60, 100, 0));
    Awaitility.await().until(() -> monitor.figures().length() == 7);
    monitor.stop();
  }

  @Test
  void withoutNvidiaSmiThereIsNothingToLookAt() {
    var none = GpuMonitor.of(java.util.Map.of("PATH", "/nonexistent"), directory);
    none.start();
    assertThat(none.atTheEnd()).isEmpty();
    assertThat(none.figures()).isNull();
  }
}
