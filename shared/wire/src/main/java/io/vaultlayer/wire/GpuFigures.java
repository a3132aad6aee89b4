package io.vaultlayer.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Figures of GPUs in five characters each, because they travel with every beat and stand in the
 * lease, which must stay within one write unit. First, in two characters, the memory of the largest
 * in units of 256 MiB; then for each device, in the order of bits: utilisation in percent (7), used
 * memory in 254ths of that (8), degrees Celsius (7), power in units of 8 W (8); all bits set where
 * it is not known. Base64url, device 0 first.
 */
public final class GpuFigures {
  /** Of more, only the first are told: no host that is rented has more. */
  public static final int MOST_GPUS = 16;

  private static final String DIGITS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  private static final int HEAD_CHARACTERS = 2;
  private static final int CHARACTERS = 5;
  private static final int BITS = 6;
  private static final int UNIT_MIB = 256;
  private static final int UNIT_WATTS = 8;
  private static final int SHARES = 254;

  private static final int TOTAL = 12;
  private static final int UTILISATION = 7;
  private static final int USED = 8;
  private static final int TEMPERATURE = 7;
  private static final int POWER = 8;

  private GpuFigures() {}

  /** One device, as its driver tells it. */
  public record Figure(
      OptionalInt utilisationPercent,
      OptionalLong memoryUsedMiB,
      OptionalLong memoryTotalMiB,
      OptionalInt temperatureC,
      OptionalInt powerW) {}

  /** Writes figures; values outside their range become the nearest one inside. */
  public static String render(List<Figure> figures) {
    var told = figures.subList(0, Math.min(MOST_GPUS, figures.size()));
    if (told.isEmpty()) {
      return "";
    }
    long total = told.stream().mapToLong(f -> f.memoryTotalMiB().orElse(0)).max().orElse(0);
    long units = (total + UNIT_MIB / 2) / UNIT_MIB;
    var text = new StringBuilder();
    digits(text, with(0, TOTAL, units > 0 ? units : -1), HEAD_CHARACTERS);
    for (Figure figure : told) {
      long used = figure.memoryUsedMiB().orElse(-1);
      long bits = with(0, UTILISATION, figure.utilisationPercent().orElse(-1));
      long share =
          units > 0 && used >= 0 ? Math.round(used * (double) SHARES / (units * UNIT_MIB)) : -1;
      bits = with(bits, USED, share);
      bits = with(bits, TEMPERATURE, figure.temperatureC().orElse(-1));
      long watts = figure.powerW().orElse(-1);
      bits = with(bits, POWER, watts < 0 ? -1 : (watts + UNIT_WATTS / 2) / UNIT_WATTS);
      digits(text, bits, CHARACTERS);
    }
    return text.toString();
  }

  /** Empty when the text is none that {@link #render} writes, also when it is null. */
  public static Optional<List<Figure>> parse(String text) {
    if (text == null
        || text.length() <= HEAD_CHARACTERS
        || (text.length() - HEAD_CHARACTERS) % CHARACTERS != 0
        || text.length() > HEAD_CHARACTERS + CHARACTERS * MOST_GPUS
        || text.chars().anyMatch(c -> DIGITS.indexOf(c) < 0)) {
      return Optional.empty();
    }
    OptionalInt units = field(bits(text, 0, HEAD_CHARACTERS), 0, TOTAL);
    OptionalLong total =
        units.isPresent()
            ? OptionalLong.of((long) units.getAsInt() * UNIT_MIB)
            : OptionalLong.empty();
    var figures = new ArrayList<Figure>();
    for (int at = HEAD_CHARACTERS; at < text.length(); at += CHARACTERS) {
      figures.add(figure(bits(text, at, CHARACTERS), total));
    }
    return Optional.of(List.copyOf(figures));
  }

  private static Figure figure(long bits, OptionalLong total) {
    OptionalInt power = field(bits, 0, POWER);
    OptionalInt temperature = field(bits, POWER, TEMPERATURE);
    OptionalInt used = field(bits, POWER + TEMPERATURE, USED);
    OptionalInt utilisation = field(bits, POWER + TEMPERATURE + USED, UTILISATION);
    return new Figure(
        utilisation,
        used.isPresent() && total.isPresent()
            ? OptionalLong.of(total.getAsLong() * used.getAsInt() / SHARES)
            : OptionalLong.empty(),
        total,
        temperature,
        power.isPresent() ? OptionalInt.of(power.getAsInt() * UNIT_WATTS) : power);
  }

  private static void digits(StringBuilder text, long bits, int characters) {
    for (int i = characters - 1; i >= 0; i--) {
      text.append(DIGITS.charAt((int) (bits >>> (i * BITS)) & 63));
    }
  }

  private static long bits(String text, int at, int characters) {
    long bits = 0;
    for (int i = at; i < at + characters; i++) {
      bits = bits << BITS | DIGITS.indexOf(text.charAt(i));
    }
    return bits;
  }

  /** Appends a value, or for a negative one that it is not known. */
  private static long with(long bits, int width, long value) {
    int unknown = (1 << width) - 1;
    return bits << width | (value < 0 ? unknown : Math.min(value, unknown - 1));
  }

  private static OptionalInt field(long bits, int behind, int width) {
    int unknown = (1 << width) - 1;
    int value = (int) (bits >>> behind) & unknown;
    return value == unknown ? OptionalInt.empty() : OptionalInt.of(value);
  }
}
