package io.vaultlayer.agent.gpu;

import io.vaultlayer.agent.host.KernelLog;
import io.vaultlayer.agent.host.Programs;
import io.vaultlayer.core.end.HardwareSign;
import io.vaultlayer.wire.GpuFigures;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Looks at this host's GPUs every half minute for as long as an attempt lives, on a thread of its
 * own: what it says is always the last look's, and nobody waits for a driver that hangs. Without
 * {@code nvidia-smi} there is nothing to look at, and no thread.
 */
public final class GpuMonitor {
  /** Each look costs up to half a second of CPU where the driver is not kept loaded. */
  private static final Duration PAUSE = Duration.ofSeconds(30);

  private final Optional<Smi> smi;
  private final Supplier<List<String>> kernelLog;
  private final Duration pause;
  private final GpuHealth health = new GpuHealth();
  private final Semaphore wake = new Semaphore(0);
  private volatile boolean stopped;
  private volatile String figures;

  GpuMonitor(Optional<Smi> smi, Supplier<List<String>> kernelLog, Duration pause) {
    this.smi = smi;
    this.kernelLog = kernelLog;
    this.pause = pause;
  }

  /**
   * Of the host that this agent runs on.
   *
   * @param environment the agent's own; its PATH says where {@code nvidia-smi} is
   * @param own a directory for the agent's files
   */
  public static GpuMonitor of(Map<String, String> environment, Path own) {
    Optional<Path> program = Programs.find("nvidia-smi", environment.get("PATH"), own);
    var log = new KernelLog();
    return new GpuMonitor(
        program.map(path ->
            new NvidiaSmi(path, environment, own.resolve("nvidia-smi.out"), NvidiaSmi.LIMIT)),
        log::lines,
        PAUSE);
  }

  public void start() {
    if (smi.isPresent()) {
      Thread.ofPlatform().name("gpus").daemon().start(this::run);
    }
  }

  public void stop() {
    stopped = true;
    wake.release();
  }

  /** As {@link GpuFigures} writes them; null where there are none, or none could be had. */
  public String figures() {
    return figures;
  }

  /** Why what is saved now is not to be trusted, in words for the user. */
  public Optional<String> ailment() {
    return health.ailment();
  }

  /** What the user should know of the GPUs. */
  public Optional<String> warning() {
    return health.warning();
  }

  /** Looks once more, and says whether the hardware gave way. Takes as long as one look may. */
  public Optional<HardwareSign> atTheEnd() {
    look();
    return health.sign();
  }

  private void run() {
    try {
      while (!stopped) {
        look();
        if (wake.tryAcquire(pause.toNanos(), TimeUnit.NANOSECONDS)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    if (smi.isEmpty()) {
      return;
    }
    try {
      Smi.Answer answer = smi.get().ask();
      if (answer instanceof Smi.Answer.Devices(var gpus)) {
        figures = GpuFigures.render(gpus.stream().map(Gpu::figure).toList());
      } else {
        figures = null; // old figures would look like a GPU at work
      }
      health.see(answer, kernelLog.get());
    } catch (RuntimeException e) {
      // What cannot be looked at must not end the looks, let alone the attempt.
      figures = null;
    }
  }
}
