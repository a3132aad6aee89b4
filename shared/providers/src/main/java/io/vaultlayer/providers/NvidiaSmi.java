package io.vaultlayer.providers;

import io.vaultlayer.core.place.GpuClass;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The GPUs of this machine as {@code nvidia-smi} names them; none where that program is absent,
 * fails or takes too long.
 */
public final class NvidiaSmi implements Supplier<List<NvidiaSmi.Gpu>> {
  private static final List<String> QUERY =
      List.of("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits");
  private static final int LIMIT_SECONDS = 10;

  /** A line has under 100 bytes, and no machine has more than a few dozen GPUs. */
  private static final int MOST_BYTES = 64 * 1024;

  /**
   * @param name as the driver spells it
   */
  public record Gpu(GpuClass gpu, String name) {}

  @Override
  public List<Gpu> get() {
    try {
      var process =
          new ProcessBuilder(QUERY)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .start();
      try (var out = process.getInputStream()) {
        // A driver in trouble can hang for ever; the answer is a line for each GPU.
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
          return List.of();
        }
        return parse(new String(out.readNBytes(MOST_BYTES), StandardCharsets.UTF_8));
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException absent) {
      return List.of();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  /** Lines of name and total memory in MiB; GPUs of no known class are left out. */
  static List<Gpu> parse(String csv) {
    return csv.lines()
        .map(line -> line.split(","))
        .filter(fields -> fields.length == 2)
        .flatMap(fields ->
            find(fields[0].strip(), fields[1].strip()).stream()
                .map(gpu -> new Gpu(gpu, fields[0].strip())))
        .toList();
  }

  private static Optional<GpuClass> find(String name, String mebibytes) {
    double memory;
    try {
      memory = Double.parseDouble(mebibytes) / 1024;
    } catch (NumberFormatException unreadable) {
      return Optional.empty();
    }
    var words = words(name);
    // The longest family that fits wins (L40S over L40), then the nearest memory (A100 40 or 80),
    // which must be within a tenth: a card with half the memory of its class is none of it.
    return GpuClass.known().stream()
        .filter(gpu -> gpu.memGiB() > 0 && isOf(words, family(gpu)))
        .filter(gpu -> Math.abs(memory - gpu.memGiB()) <= gpu.memGiB() * 0.1)
        .max(
            Comparator.comparingInt((GpuClass gpu) -> family(gpu).length())
                .thenComparing(gpu -> -Math.abs(memory - gpu.memGiB())));
  }

  /** A class's name without its memory: {@code A100_40} is of the family A100. */
  private static String family(GpuClass gpu) {
    var name = gpu.name();
    var memory = "_" + gpu.memGiB();
    return (name.endsWith(memory) ? name.substring(0, name.length() - memory.length()) : name)
        .replace("_", "");
  }

  /** The model's words without the maker's: {@code NVIDIA A100-SXM4-40GB} is A100, SXM4, 40GB. */
  private static List<String> words(String name) {
    return List.of(
        name.toUpperCase(Locale.ROOT)
            .replaceAll("[^A-Z0-9]+", " ")
            .strip()
            .replaceFirst("^(NVIDIA )?((TESLA|GEFORCE|RTX(?= A\\d)) )?", "")
            .split(" "));
  }

  /** True when the name begins with the family, in one word or in several. */
  private static boolean isOf(List<String> words, String family) {
    var begin = new StringBuilder();
    for (var word : words) {
      if (begin.append(word).toString().equals(family)) {
        return true;
      }
    }
    return false;
  }
}
