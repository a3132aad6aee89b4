package io.vaultlayer.agent.gpu;

import io.vaultlayer.agent.host.Child;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Runs {@code nvidia-smi}. One that hangs is killed and, as long as the kernel does not let it go,
 * no other is started beside it.
 */
final class NvidiaSmi implements Smi {
  static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Duration AFTER_KILL = Duration.ofMillis(200);
  private static final int MOST_OUTPUT = 64 << 10;
  private static final int MOST_TEXT = 300;

  private final Child.Order order;
  private final Duration limit;
  private Thread waiting;

  /**
   * @param output a file of the agent's own for what it prints
   */
  NvidiaSmi(Path program, Map<String, String> environment, Path output, Duration limit) {
    this.limit = limit;
    this.order =
        new Child.Order(
            program.toString(),
            List.of(
                "nvidia-smi",
                "--query-gpu=" + String.join(",", SmiTable.FIELDS),
                "--format=csv,noheader,nounits"),
            environment,
            output.getParent(),
            output);
  }

  @Override
  public synchronized Answer ask() {
    if (waiting != null && waiting.isAlive()) {
      return new Answer.Silent();
    }
    try {
      Files.deleteIfExists(order.output());
      Child child = Child.start(order);
      waiting = Thread.ofPlatform().name("nvidia-smi").daemon().start(child::await);
      if (!waiting.join(limit)) {
        child.kill();
        waiting.join(AFTER_KILL);
        return new Answer.Silent();
      }
      return answer();
    } catch (Child.NotStarted | IOException e) {
      return new Answer.Refused(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Answer.Silent();
    }
  }

  private Answer answer() throws IOException {
    String text;
    try (var in = Files.newInputStream(order.output())) {
      text = new String(in.readNBytes(MOST_OUTPUT), StandardCharsets.UTF_8).strip();
    }
    List<Gpu> gpus = SmiTable.parse(text);
    return gpus.isEmpty()
        ? new Answer.Refused(text.length() > MOST_TEXT ? text.substring(0, MOST_TEXT) : text)
        : new Answer.Devices(gpus);
  }
}
