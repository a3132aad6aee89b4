package io.vaultlayer.cli.render;

import java.util.ArrayList;
import java.util.List;

/** Columns of text, two spaces apart; the first row is the heading. */
public final class Table {
  private static final int WIDEST_CELL = 60;

  private final List<String[]> rows = new ArrayList<>();
  private boolean lastIsWhole;

  public Table(String... heading) {
    rows.add(heading);
  }

  /** From now on the last cell of a row is shown whole, however long. */
  public Table lastWhole() {
    lastIsWhole = true;
    return this;
  }

  /** One row; null cells are shown as a dash. */
  public Table row(Object... cells) {
    var row = new String[cells.length];
    for (int i = 0; i < cells.length; i++) {
      row[i] = clean(cells[i], lastIsWhole && i == cells.length - 1);
    }
    rows.add(row);
    return this;
  }

  /** Text from a job may hold anything; what moves the cursor is not shown. */
  private static String clean(Object cell, boolean whole) {
    if (cell == null || cell.toString().isEmpty()) {
      return "-";
    }
    var text = Text.printable(cell.toString());
    return !whole && text.length() > WIDEST_CELL
        ? text.substring(0, WIDEST_CELL - 3) + "..."
        : text;
  }

  /** The lines, without spaces at their ends. */
  public List<String> lines() {
    int[] widths = new int[rows.getFirst().length];
    for (var row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    var lines = new ArrayList<String>();
    for (var row : rows) {
      var line = new StringBuilder();
      for (int i = 0; i < row.length; i++) {
        line.append(row[i]).repeat(' ', widths[i] - row[i].length() + 2);
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }
}
