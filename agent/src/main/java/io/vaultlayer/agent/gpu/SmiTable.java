package io.vaultlayer.agent.gpu;

import io.vaultlayer.wire.GpuFigures;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What {@code nvidia-smi --query-gpu=... --format=csv,noheader,nounits} prints. A figure that a
 * device does not have is {@code [N/A]} or {@code [Not Supported]}; a device that is lost says so
 * in its cells.
 */
final class SmiTable {
  /** Names of fields, in the order in which they are read. */
  static final List<String> FIELDS =
      List.of(
          "index",
          "uuid",
          "pci.bus_id",
          "utilization.gpu",
          "memory.used",
          "memory.total",
          "temperature.gpu",
          "power.draw",
          "ecc.errors.uncorrected.volatile.total");

  private static final int MOST_ROWS = 64;

  private SmiTable() {}

  /** The devices that it lists and that answer; lines of another shape are left out. */
  static List<Gpu> parse(String text) {
    var gpus = new ArrayList<Gpu>();
    for (String line : text.lines().limit(MOST_ROWS).toList()) {
      String[] cells = line.split(",", -1);
      if (cells.length != FIELDS.size()
          || number(cells[0]).isEmpty()
          || line.toLowerCase(Locale.ROOT).contains("gpu is lost")) {
        continue;
      }
      gpus.add(
          new Gpu(
              (int) number(cells[0]).getAsLong(),
              cells[1].strip(),
              bus(cells[2]),
              new GpuFigures.Figure(
                  small(cells[3]),
                  number(cells[4]),
                  number(cells[5]),
                  small(cells[6]),
                  small(cells[7])),
              number(cells[8])));
    }
    return gpus;
  }

  /** {@code 00000000:65:00.0} as the kernel's log has it: {@code 0000:65:00}. */
  private static String bus(String cell) {
    String plain = cell.strip().toLowerCase(Locale.ROOT);
    int function = plain.lastIndexOf('.');
    String place = function < 0 ? plain : plain.substring(0, function);
    return place.length() > 10 ? place.substring(place.length() - 10) : place;
  }

  private static OptionalInt small(String cell) {
    OptionalLong value = number(cell);
    return value.isPresent() && value.getAsLong() < Integer.MAX_VALUE
        ? OptionalInt.of((int) value.getAsLong())
        : OptionalInt.empty();
  }

  /** Rounded; empty where it is none. */
  private static OptionalLong number(String cell) {
    try {
      double value = Double.parseDouble(cell.strip());
      return value >= 0 && value < 1e15 ? OptionalLong.of(Math.round(value)) : OptionalLong.empty();
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
