package io.vaultlayer.cli.submit;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.wire.SubmitRequest.GpuWish;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Which GPUs a run may have. */
public final class GpuWishes {
  /** More GPUs than the largest single machine that providers rent. */
  private static final int MOST = 16;

  /** GiB for each billion parameters, and what a run needs beside them. */
  private record Appetite(double perBillion, double fixed) {}

  private GpuWishes() {}

  /**
   * @param text as in {@code H100:2,A100_80}; null: any
   */
  static List<GpuWish> parse(String text) {
    if (text == null) {
      return null;
    }
    var wishes = new ArrayList<GpuWish>();
    for (var part : text.split(",", -1)) {
      int colon = part.indexOf(':');
      var name = (colon < 0 ? part : part.substring(0, colon)).strip();
      int count = colon < 0 ? 1 : count(part, part.substring(colon + 1).strip());
      wishes.add(new GpuWish(find(name).name(), count));
    }
    return wishes;
  }

  /** A class by any of its spellings. @throws Failure 2 with the known ones */
  public static GpuClass find(String name) {
    return GpuClass.find(name).orElseThrow(() -> unknown(name));
  }

  /**
   * The classes on which fine-tuning a model fits, smallest first; {@code wishes} narrows them.
   *
   * @param mode qlora keeps 4-bit weights, lora 16-bit ones, full also gradients and optimiser
   */
  static List<GpuWish> sized(String mode, double billions, List<GpuWish> wishes) {
    var appetite =
        switch (mode) {
          case "qlora" -> new Appetite(0.9, 4);
          case "lora" -> new Appetite(2.4, 6);
          case "full" -> new Appetite(16, 8);
          default ->
              throw Failure.usage(
                  "bad_train_mode",
                  "reading --train-mode " + mode + ": unknown; use qlora, lora or full");
        };
    if (!(billions > 0 && billions <= 10_000)) {
      throw Failure.usage(
          "bad_model_params",
          "reading --model-params: not a number of billions; write 7 for a model of 7 billion"
              + " parameters");
    }
    double need = billions * appetite.perBillion() + appetite.fixed();
    var fitting = wishes == null ? all() : wishes;
    var found = fitting.stream().filter(w -> find(w.gpu()).memGiB() * w.count() >= need).toList();
    if (found.isEmpty()) {
      throw Failure.usage(
          "no_gpu_fits",
          "sizing the GPU for %s of %s billion parameters: none of the classes has the %.0f GiB"
                  .formatted(mode, billions, need)
              + " that it needs on one machine; use a smaller mode or more GPUs");
    }
    return found;
  }

  private static List<GpuWish> all() {
    var wishes = new ArrayList<GpuWish>();
    for (int count : new int[] {1, 2, 4, 8}) {
      for (var gpu : GpuClass.known()) {
        if (gpu.memGiB() > 0) {
          wishes.add(new GpuWish(gpu.name(), count));
        }
      }
    }
    wishes.sort(Comparator.comparingInt(w -> find(w.gpu()).memGiB() * w.count()));
    return wishes;
  }

  private static int count(String part, String text) {
    try {
      int count = Integer.parseInt(text);
      if (count >= 1 && count <= MOST) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw Failure.usage(
        "bad_gpu_count",
        "reading --gpu "
            + part
            + ": no count of GPUs on one machine; write a number from 1 to "
            + MOST
            + ", since several machines for one job are not supported");
  }

  private static Failure unknown(String name) {
    var known = GpuClass.known().stream().map(GpuClass::name).toList();
    return new Failure(
        ExitCode.USAGE,
        "unknown_gpu_class",
        "reading --gpu "
            + name
            + ": unknown GPU class; known are "
            + known.stream().collect(Collectors.joining(", ")),
        Map.of("known", known));
  }
}
