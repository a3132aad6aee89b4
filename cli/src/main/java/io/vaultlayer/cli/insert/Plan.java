package io.vaultlayer.cli.insert;

import io.vaultlayer.wire.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/**
 * What the planner says of a script; its first lines tell what each field means.
 *
 * @param edits in order of their places
 */
record Plan(
    Verdict verdict,
    String reason,
    List<Edit> edits,
    List<String> lines,
    List<String> notes,
    String unit,
    String encoding) {
  enum Verdict {
    INSERT,
    PRESENT,
    OWN,
    FRAMEWORK,
    UNSURE,
    UNREADABLE,
    NONE
  }

  /**
   * @param at byte offset in the source
   * @param data base64 of what is inserted there
   */
  record Edit(int at, String data) {
    byte[] bytes() {
      return Base64.getDecoder().decode(data);
    }
  }

  Plan {
    edits = edits == null ? List.of() : List.copyOf(edits);
    lines = lines == null ? List.of() : List.copyOf(lines);
    notes = notes == null ? List.of() : List.copyOf(notes);
  }

  private record Said(
      String verdict,
      String reason,
      List<Edit> edits,
      List<String> lines,
      List<String> notes,
      String unit,
      String encoding) {}

  /**
   * @throws Json.MalformedJson when this is no plan for a source of so many bytes
   */
  static Plan parse(String text, int sourceBytes) {
    var said = Json.parse(text, Said.class);
    try {
      var plan =
          new Plan(
              Verdict.valueOf(String.valueOf(said.verdict).toUpperCase(java.util.Locale.ROOT)),
              said.reason == null ? "" : said.reason,
              said.edits,
              said.lines,
              said.notes,
              said.unit == null ? "" : said.unit,
              said.encoding == null ? "" : said.encoding);
      int last = 0;
      for (var edit : plan.edits) {
        edit.bytes();
        if (edit.at < last || edit.at > sourceBytes) {
          throw new Json.MalformedJson("an edit at " + edit.at);
        }
        last = edit.at;
      }
      return plan;
    } catch (IllegalArgumentException | NullPointerException e) {
      throw new Json.MalformedJson("no plan: " + e.getMessage());
    }
  }

  static Plan unsure(String reason) {
    return new Plan(Verdict.UNSURE, reason, null, null, null, "", "");
  }

  /** The source with everything inserted; all of its own bytes stay. */
  byte[] apply(byte[] source) {
    var out = new ByteArrayOutputStream(source.length + 1024);
    int from = 0;
    for (var edit : edits) {
      out.write(source, from, edit.at - from);
      out.writeBytes(edit.bytes());
      from = edit.at;
    }
    out.write(source, from, source.length - from);
    return out.toByteArray();
  }

  /** Equal for equal lines, wherever in the script they go. */
  String digest() {
    try {
      var sha = java.security.MessageDigest.getInstance("SHA-256");
      edits.forEach(edit -> sha.update(edit.bytes()));
      return HexFormat.of().formatHex(sha.digest());
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** To show the script with; Python knows encodings that Java does not. */
  Charset charset() {
    try {
      return Charset.forName(encoding);
    } catch (IllegalArgumentException e) {
      return StandardCharsets.ISO_8859_1;
    }
  }
}
