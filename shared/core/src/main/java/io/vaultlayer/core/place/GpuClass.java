package io.vaultlayer.core.place;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A GPU class by its canonical name, such as {@code A100_40}; {@code cpu} is the class without a
 * GPU.
 */
public record GpuClass(String name, int memGiB) {
  /** No GPU at all. */
  public static final GpuClass CPU = new GpuClass("cpu", 0);

  private static final List<GpuClass> KNOWN =
      List.of(
          CPU,
          new GpuClass("T4", 16),
          new GpuClass("V100_16", 16),
          new GpuClass("V100_32", 32),
          new GpuClass("P100", 16),
          new GpuClass("A10", 24),
          new GpuClass("A10G", 24),
          new GpuClass("L4", 24),
          new GpuClass("L40", 48),
          new GpuClass("L40S", 48),
          new GpuClass("A16", 16),
          new GpuClass("A30", 24),
          new GpuClass("A40", 48),
          new GpuClass("A4000", 16),
          new GpuClass("A5000", 24),
          new GpuClass("A6000", 48),
          new GpuClass("RTX6000ADA", 48),
          new GpuClass("RTX_PRO_6000", 96),
          new GpuClass("RTX3090", 24),
          new GpuClass("RTX4090", 24),
          new GpuClass("RTX5090", 32),
          new GpuClass("A100_40", 40),
          new GpuClass("A100_80", 80),
          new GpuClass("H100", 80),
          new GpuClass("GH200", 96),
          new GpuClass("H200", 141),
          new GpuClass("B200", 180),
          new GpuClass("MI300X", 192));

  private static final Map<String, GpuClass> BY_ALIAS = aliases();

  /** Every known class, smallest names first as listed in error messages. */
  public static List<GpuClass> known() {
    return KNOWN;
  }

  /** Finds a class by any spelling: {@code A100_40}, {@code A100_40GB}, {@code a100-40} are one. */
  public static Optional<GpuClass> find(String spelling) {
    return Optional.ofNullable(BY_ALIAS.get(squeeze(spelling)));
  }

  private static Map<String, GpuClass> aliases() {
    var map = new TreeMap<String, GpuClass>();
    for (var gpu : KNOWN) {
      var plain = squeeze(gpu.name());
      map.put(plain, gpu);
      if (gpu.memGiB() > 0) {
        map.put(plain + "GB", gpu);
        if (!gpu.name().endsWith("_" + gpu.memGiB())) {
          map.putIfAbsent(plain + gpu.memGiB(), gpu);
          map.putIfAbsent(plain + gpu.memGiB() + "GB", gpu);
        }
      }
    }
    map.putIfAbsent("A100", named("A100_40"));
    map.putIfAbsent("V100", named("V100_16"));
    map.putIfAbsent("NONE", CPU);
    return Map.copyOf(map);
  }

  private static GpuClass named(String name) {
    return KNOWN.stream().filter(g -> g.name().equals(name)).findFirst().orElseThrow();
  }

  private static String squeeze(String spelling) {
    var upper = spelling.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "");
    return upper.startsWith("NVIDIA") ? upper.substring(6) : upper;
  }
}
