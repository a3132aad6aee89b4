package io.vaultlayer.cli.insert;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a plan changes, as {@code diff -u} shows it. Lines end where Python sees their end. */
final class UnifiedDiff {
  private static final int CONTEXT = 3;
  private static final String NO_NEWLINE = "\\ No newline at end of file";

  /** One line of the difference. @param kind a blank, {@code +} or {@code -} */
  private record Line(char kind, byte[] text) {}

  private UnifiedDiff() {}

  /** Lines without their ends: two of headers, then hunks. */
  static List<String> of(
      byte[] source, List<Plan.Edit> edits, String before, String after, Charset charset) {
    var lines = lines(source, edits);
    var out = new ArrayList<>(List.of("--- " + before, "+++ " + after));
    int at = 0;
    int oldLine = 1;
    int newLine = 1;
    while (at < lines.size()) {
      int end = hunkEnd(lines, at);
      int first = firstChange(lines, at);
      if (first == lines.size()) {
        break;
      }
      int begin = Math.max(at, first - CONTEXT);
      oldLine += begin - at;
      newLine += begin - at;
      var hunk = lines.subList(begin, end);
      int olds = (int) hunk.stream().filter(l -> l.kind != '+').count();
      int news = (int) hunk.stream().filter(l -> l.kind != '-').count();
      out.add("@@ -" + range(oldLine, olds) + " +" + range(newLine, news) + " @@");
      hunk.forEach(line -> show(line, charset, out));
      oldLine += olds;
      newLine += news;
      at = end;
    }
    return out;
  }

  private static String range(int first, int count) {
    return count == 1 ? "" + first : (count == 0 ? first - 1 : first) + "," + count;
  }

  private static int firstChange(List<Line> lines, int from) {
    int at = from;
    while (at < lines.size() && lines.get(at).kind == ' ') {
      at++;
    }
    return at;
  }

  /** Changes no more than twice the context apart are in one hunk. */
  private static int hunkEnd(List<Line> lines, int from) {
    int last = firstChange(lines, from);
    for (int at = last; at < lines.size() && at - last <= 2 * CONTEXT; at++) {
      last = lines.get(at).kind == ' ' ? last : at;
    }
    return Math.min(lines.size(), last + 1 + CONTEXT);
  }

  private static void show(Line line, Charset charset, List<String> out) {
    int end = line.text.length;
    while (end > 0 && (line.text[end - 1] == '\n' || line.text[end - 1] == '\r')) {
      end--;
    }
    out.add(line.kind + new String(line.text, 0, end, charset));
    if (end == line.text.length) {
      out.add(NO_NEWLINE);
    }
  }

  /** Each line of the source with what is inserted into it; it stays if it is still there whole. */
  private static List<Line> lines(byte[] source, List<Plan.Edit> edits) {
    var found = new ArrayList<Line>();
    int edit = 0;
    for (int from = 0; from < source.length; ) {
      int to = lineEnd(source, from);
      var changed = new ByteArrayOutputStream();
      int at = from;
      boolean last = to == source.length;
      while (edit < edits.size() && (edits.get(edit).at() < to || last)) {
        changed.write(source, at, edits.get(edit).at() - at);
        changed.writeBytes(edits.get(edit).bytes());
        at = edits.get(edit++).at();
      }
      changed.write(source, at, to - at);
      add(Arrays.copyOfRange(source, from, to), split(changed.toByteArray()), found);
      from = to;
    }
    return found;
  }

  private static void add(byte[] old, List<byte[]> now, List<Line> found) {
    int kept = -1;
    for (int i = 0; i < now.size() && kept < 0; i++) {
      kept = Arrays.equals(now.get(i), old) ? i : -1;
    }
    if (kept < 0) {
      found.add(new Line('-', old));
    }
    for (int i = 0; i < now.size(); i++) {
      found.add(new Line(i == kept ? ' ' : '+', now.get(i)));
    }
  }

  private static List<byte[]> split(byte[] text) {
    var found = new ArrayList<byte[]>();
    for (int from = 0; from < text.length; ) {
      int to = lineEnd(text, from);
      found.add(Arrays.copyOfRange(text, from, to));
      from = to;
    }
    return found;
  }

  private static int lineEnd(byte[] text, int from) {
    int at = from;
    while (at < text.length && text[at] != '\n' && text[at] != '\r') {
      at++;
    }
    boolean both = at + 1 < text.length && text[at] == '\r' && text[at + 1] == '\n';
    return Math.min(text.length, at + (both ? 2 : 1));
  }
}
