package io.vaultlayer.agent.gpu;

import io.vaultlayer.core.end.HardwareSign;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the looks at a host's GPUs add up to since an attempt began. A sign of broken hardware
 * stays: what was computed after it is not to be trusted, and the machine is left when the attempt
 * ends.
 */
final class GpuHealth {
  /** One look may be a hiccup of the driver, which resets devices by itself; two are not. */
  private static final int SURE = 2;

  /** Above what any device lets itself reach: it slows down from 83 to 93 on. */
  private static final int TOO_HOT = 100;

  private static final Pattern XID_PLACE = Pattern.compile("Xid \\(PCI:([0-9a-fA-F:.]{4,20})\\)");

  private final Map<String, Gpu> first = new HashMap<>();
  private final Map<String, Integer> missing = new HashMap<>();
  private Optional<HardwareSign> sign = Optional.empty();
  private Optional<String> heat = Optional.empty();
  private Optional<String> warning = Optional.empty();
  private int hot;
  private int lost;
  private int silent;

  /**
   * One look.
   *
   * @param log lines of the kernel's since the attempt began; none where it may not be read
   */
  synchronized void see(Smi.Answer answer, List<String> log) {
    switch (answer) {
      case Smi.Answer.Devices(var gpus) -> {
        silent = 0;
        lost = 0;
        warning = Optional.empty();
        devices(gpus);
      }
      case Smi.Answer.Refused(var text) -> {
        silent = 0;
        refused(text);
      }
      case Smi.Answer.Silent() -> {
        silent++;
        warning =
            silent < SURE
                ? Optional.empty()
                : Optional.of(
                    "nvidia-smi gave no answer within "
                        + NvidiaSmi.LIMIT.toSeconds()
                        + " s, twice and more in a row: the GPU's driver may hang");
      }
    }
    log.forEach(this::line);
  }

  synchronized Optional<HardwareSign> sign() {
    return sign;
  }

  /** Why what is saved now is not to be trusted. */
  synchronized Optional<String> ailment() {
    return sign.map(HardwareSign::text).or(() -> heat);
  }

  synchronized Optional<String> warning() {
    return sign.map(HardwareSign::text).or(() -> warning).or(() -> heat);
  }

  private void devices(List<Gpu> gpus) {
    if (first.isEmpty()) {
      gpus.forEach(gpu -> first.put(gpu.uuid(), gpu));
    }
    Set<String> present = new HashSet<>();
    Optional<Gpu> hottest = Optional.empty();
    for (Gpu gpu : gpus) {
      present.add(gpu.uuid());
      errors(gpu);
      if (gpu.figure().temperatureC().orElse(0) >= TOO_HOT) {
        hottest = Optional.of(gpu);
      }
    }
    hot = hottest.isPresent() ? hot + 1 : 0;
    heat =
        hot < SURE
            ? Optional.empty()
            : hottest.map(gpu ->
                "GPU %d is %d degrees hot"
                    .formatted(gpu.index(), gpu.figure().temperatureC().getAsInt()));
    for (Gpu gpu : first.values()) {
      int times = present.contains(gpu.uuid()) ? 0 : missing.getOrDefault(gpu.uuid(), 0) + 1;
      missing.put(gpu.uuid(), times);
      if (times == SURE) {
        broken("GPU " + gpu.index() + " (" + gpu.uuid() + ") is no longer there");
      }
    }
  }

  private void errors(Gpu gpu) {
    Gpu before = first.get(gpu.uuid());
    if (before != null && gpu.uncorrectable().isPresent() && before.uncorrectable().isPresent()) {
      long more = gpu.uncorrectable().getAsLong() - before.uncorrectable().getAsLong();
      if (more > 0) {
        broken(
            "GPU %d has counted %d uncorrectable memory errors (ECC) since the attempt began"
                .formatted(gpu.index(), more));
      }
    }
  }

  private void refused(String text) {
    Optional<HardwareSign> said = HardwareSign.find(text);
    lost = said.isPresent() ? lost + 1 : 0;
    if (lost == SURE) {
      broken(said.get().text());
    } else if (!first.isEmpty()) {
      warning = Optional.of("nvidia-smi lists no GPU any more: " + text);
    }
  }

  /** Of the host's other GPUs, which other people use, nothing is concluded. */
  private void line(String line) {
    Matcher place = XID_PLACE.matcher(line);
    if (!place.find()) {
      return;
    }
    String bus = place.group(1).toLowerCase(Locale.ROOT);
    boolean ours = first.values().stream().anyMatch(gpu -> bus.startsWith(gpu.bus()));
    if (ours) {
      HardwareSign.find(line).ifPresent(found -> broken(found.text()));
    }
  }

  private void broken(String text) {
    if (sign.isEmpty()) {
      sign = Optional.of(new HardwareSign(HardwareSign.Kind.GPU, text));
    }
  }
}
