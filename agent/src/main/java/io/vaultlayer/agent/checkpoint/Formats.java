package io.vaultlayer.agent.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.ZipFile;

/** Cheap structural checks of files that state their own extent; tensors are not read. */
final class Formats {
  /** The format's own limit on a safetensors header. */
  private static final long MOST_HEADER = 100_000_000;

  /** Larger JSON is data, and reading it would cost more than the check is worth. */
  private static final long MOST_JSON = 16L << 20;

  private static final int TAIL = 64;

  private Formats() {}

  /** What is wrong with a file, if its kind is known and something is. */
  static Optional<String> problem(String name, Path file, long bytes) throws IOException {
    return switch (kind(name, file, bytes)) {
      case ZIP -> zipProblem(file);
      case SAFETENSORS -> safetensorsProblem(file, bytes);
      case JSON -> jsonProblem(file);
      case UNKNOWN -> Optional.empty();
    };
  }

  /**
   * True when the file's own format shows that it was written to its end. A zip's directory is
   * written last. A safetensors file may have been given its length before its content (0.8.0-rc.0
   * did), so a tail of zeros proves nothing.
   */
  static boolean provesEnd(String name, Path file, long bytes) throws IOException {
    return switch (kind(name, file, bytes)) {
      case ZIP -> zipProblem(file).isEmpty();
      case SAFETENSORS -> safetensorsProblem(file, bytes).isEmpty() && !endsInZeros(file, bytes);
      case JSON, UNKNOWN -> false;
    };
  }

  private enum Kind {
    ZIP,
    SAFETENSORS,
    JSON,
    UNKNOWN
  }

  private static Kind kind(String name, Path file, long bytes) throws IOException {
    String small = name.toLowerCase(Locale.ROOT);
    if (small.endsWith(".safetensors")) {
      return Kind.SAFETENSORS;
    }
    if (small.endsWith(".json")) {
      return bytes <= MOST_JSON ? Kind.JSON : Kind.UNKNOWN;
    }
    for (String end : new String[] {".zip", ".npz", ".keras"}) {
      if (small.endsWith(end)) {
        return Kind.ZIP;
      }
    }
    for (String end : new String[] {".pt", ".pth", ".ckpt", ".bin"}) {
      if (small.endsWith(end)) {
        return startsLikeZip(file) ? Kind.ZIP : Kind.UNKNOWN;
      }
    }
    return Kind.UNKNOWN;
  }

  private static boolean startsLikeZip(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      byte[] head = in.readNBytes(4);
      return head.length == 4 && head[0] == 'P' && head[1] == 'K' && head[2] == 3 && head[3] == 4;
    }
  }

  /** Opening reads the directory at the end and holds it against the file's length. */
  private static Optional<String> zipProblem(Path file) {
    try (var zip = new ZipFile(file.toFile())) {
      return zip.size() == 0 ? Optional.of("a zip file without entries") : Optional.empty();
    } catch (IOException e) {
      return Optional.of("not a whole zip file");
    }
  }

  /** Length of the header, the header, and as many bytes as its farthest tensor reaches. */
  private static Optional<String> safetensorsProblem(Path file, long bytes) throws IOException {
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      if (bytes < 8) {
        return Optional.of("a safetensors file without a header");
      }
      long header = Long.reverseBytes(in.readLong());
      if (header < 2 || header > MOST_HEADER || header > bytes - 8) {
        return Optional.of("a safetensors header that does not fit into the file");
      }
      byte[] json = new byte[(int) header];
      in.readFully(json);
      long end = farthestOffset(json);
      return 8 + header + end == bytes
          ? Optional.empty()
          : Optional.of(
              "a safetensors file of " + bytes + " bytes that should have " + (8 + header + end));
    } catch (JsonProcessingException e) {
      return Optional.of("a safetensors header that is no JSON");
    }
  }

  private static long farthestOffset(byte[] header) throws IOException {
    long farthest = 0;
    try (JsonParser parser = Json.FACTORY.createParser(header)) {
      boolean offsets = false;
      while (parser.nextToken() != null) {
        switch (parser.currentToken()) {
          case FIELD_NAME -> offsets = parser.currentName().equals("data_offsets");
          case VALUE_NUMBER_INT ->
              farthest = offsets ? Math.max(farthest, parser.getLongValue()) : farthest;
          case END_ARRAY -> offsets = false;
          case NOT_AVAILABLE,
              START_OBJECT,
              END_OBJECT,
              START_ARRAY,
              VALUE_EMBEDDED_OBJECT,
              VALUE_STRING,
              VALUE_NUMBER_FLOAT,
              VALUE_TRUE,
              VALUE_FALSE,
              VALUE_NULL -> {}
        }
      }
    }
    return farthest;
  }

  /** Only what is cut short counts: dialects of JSON are the script's own affair. */
  private static Optional<String> jsonProblem(Path file) throws IOException {
    try (JsonParser parser = Json.FACTORY.createParser(file.toFile())) {
      boolean empty = true;
      while (parser.nextToken() != null) {
        empty = false;
      }
      return empty ? Optional.of("an empty JSON file") : Optional.empty();
    } catch (JsonEOFException e) {
      return Optional.of("not a whole JSON document");
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private static boolean endsInZeros(Path file, long bytes) throws IOException {
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      long data = bytes - 8 - Long.reverseBytes(in.readLong());
      int length = (int) Math.min(TAIL, data);
      in.seek(bytes - length);
      byte[] tail = new byte[length];
      in.readFully(tail);
      for (byte b : tail) {
        if (b != 0) {
          return false;
        }
      }
      return true;
    }
  }

  /** Apart, so that a pipeline without JSON to check never loads the parser's tables. */
  private static final class Json {
    /** Trainers write NaN and Infinity bare, and random states as numbers of 6,000 digits. */
    static final JsonFactory FACTORY =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNumberLength((int) MOST_JSON)
                    .maxNameLength((int) MOST_JSON)
                    .maxStringLength((int) MOST_JSON)
                    .build())
            .build()
            .configure(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature(), true);
  }
}
