package io.vaultlayer.agent.gate;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * A safetensors file: eight bytes with the length of its header, the header as JSON, and the
 * tensors one after the other, without gaps and to the file's end.
 */
final class SafetensorsFormat {
  /** The format's own limit. */
  private static final long MOST_HEADER = 100_000_000;

  /** A larger header is held against the file's length only: reading it would be felt. */
  private static final long MOST_HEADER_READ = 16 << 20;

  /** Of more tensors than these only the sum is compared. */
  private static final int MOST_TENSORS = 100_000;

  private static final int TAIL = 64 << 10;
  private static final int SAMPLE = 4 << 10;

  private SafetensorsFormat() {}

  static Optional<String> problem(Path file) throws IOException {
    try (var in = new Window(file)) {
      return problem(in);
    } catch (EOFException e) {
      return Optional.of("a safetensors file that is cut short");
    } catch (ArithmeticException e) {
      return Optional.of("a safetensors header with sizes that no file has");
    } catch (JsonProcessingException e) {
      return Optional.of("a safetensors header that is no JSON");
    }
  }

  private static Optional<String> problem(Window in) throws IOException {
    if (in.size() < 8) {
      return Optional.of("a safetensors file without a header");
    }
    long header = in.longAt(0);
    if (header < 2 || header > MOST_HEADER || header > in.size() - 8) {
      return Optional.of("a safetensors header that does not fit into the file");
    }
    if (header > MOST_HEADER_READ) {
      return in.byteAt(8) == '{'
          ? Optional.empty()
          : Optional.of("a safetensors header that is no JSON");
    }
    var tensors = new Tensors();
    tensors.read(in, header);
    if (tensors.problem.isPresent()) {
      return tensors.problem;
    }
    long should = Math.addExact(8 + header, tensors.end());
    if (should != in.size()) {
      return Optional.of(
          "a safetensors file of " + in.size() + " bytes that should have " + should);
    }
    if (tensors.hasGaps()) {
      return Optional.of("a safetensors file whose tensors overlap or leave gaps");
    }
    return tensors.areNumbers(in, 8 + header)
        ? Optional.empty()
        : Optional.of("its weights are NaN (not a number)");
  }

  /**
   * Whether its last bytes hold anything. One release (0.8.0-rc.0) gave a file its length before
   * its content, so a tail of zeros shows no end.
   */
  static boolean endsInZeros(Path file) throws IOException {
    try (var in = new Window(file)) {
      long data = Math.max(0, in.size() - 8 - in.longAt(0));
      int length = (int) Math.min(TAIL, data);
      return isZero(in.piece(in.size() - length, length));
    }
  }

  static boolean isZero(byte[] bytes) {
    for (byte b : bytes) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  /** What a header says of its tensors. */
  private static final class Tensors {
    Optional<String> problem = Optional.empty();
    private long[] begins = new long[64];
    private long[] ends = new long[64];
    private int count;
    private long sum;
    private long farthest;
    private String dtype = "";
    private long elements = 1;
    private long begin = -1;
    private long end = -1;

    /** The largest tensor of numbers with a fraction: what training spoils, it spoils here. */
    private long sampleAt;

    private long sampleBytes;
    private Floats sampleKind;

    void read(Window in, long header) throws IOException {
      try (JsonParser parser = JsonText.parser(in.stream(8, header))) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
          problem = Optional.of("a safetensors header that is no JSON object");
          return;
        }
        while (problem.isEmpty() && parser.nextToken() == JsonToken.FIELD_NAME) {
          boolean about = parser.currentName().equals("__metadata__");
          if (parser.nextToken() != JsonToken.START_OBJECT) {
            problem = Optional.of("a safetensors header of another shape");
          } else if (about) {
            parser.skipChildren();
          } else {
            tensor(parser);
          }
        }
        if (problem.isEmpty() && parser.currentToken() != JsonToken.END_OBJECT) {
          problem = Optional.of("a safetensors header that is cut short");
        }
      }
    }

    private void tensor(JsonParser parser) throws IOException {
      dtype = "";
      elements = 1;
      begin = -1;
      end = -1;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("dtype") && value == JsonToken.VALUE_STRING) {
          dtype = parser.getText();
        } else if (name.equals("shape") && value == JsonToken.START_ARRAY) {
          while (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
            elements = Math.multiplyExact(elements, whole(parser));
          }
        } else if (name.equals("data_offsets") && value == JsonToken.START_ARRAY) {
          begin = parser.nextToken() == JsonToken.VALUE_NUMBER_INT ? whole(parser) : -1;
          end = parser.nextToken() == JsonToken.VALUE_NUMBER_INT ? whole(parser) : -1;
          if (parser.nextToken() != JsonToken.END_ARRAY) {
            end = -1;
          }
        } else {
          parser.skipChildren();
        }
      }
      add();
    }

    private void add() {
      if (begin < 0 || end < begin) {
        problem = Optional.of("a safetensors header with a tensor without a place");
        return;
      }
      int bits = bits(dtype);
      if (bits > 0 && Math.multiplyExact(elements, bits) != Math.multiplyExact(end - begin, 8L)) {
        problem = Optional.of("a safetensors header with a tensor of another size than its shape");
        return;
      }
      if (count < MOST_TENSORS) {
        if (count == begins.length) {
          begins = Arrays.copyOf(begins, count * 2);
          ends = Arrays.copyOf(ends, count * 2);
        }
        begins[count] = begin;
        ends[count] = end;
      }
      count++;
      sum = Math.addExact(sum, end - begin);
      farthest = Math.max(farthest, end);
      Optional<Floats> kind = Floats.of(dtype);
      if (kind.isPresent() && end - begin > sampleBytes) {
        sampleAt = begin;
        sampleBytes = end - begin;
        sampleKind = kind.get();
      }
    }

    long end() {
      return farthest;
    }

    boolean hasGaps() {
      if (sum != farthest) {
        return true;
      }
      if (count > MOST_TENSORS) {
        return false;
      }
      long[] starts = Arrays.copyOf(begins, count);
      long[] stops = Arrays.copyOf(ends, count);
      Arrays.sort(starts);
      Arrays.sort(stops);
      // One after the other: each begins where another ends, the first at nothing.
      for (int i = 0; i < count; i++) {
        if (starts[i] != (i == 0 ? 0 : stops[i - 1])) {
          return true;
        }
      }
      return false;
    }

    /** False where nothing in a sample of the largest tensor is a number. */
    boolean areNumbers(Window in, long data) throws IOException {
      if (sampleKind == null) {
        return true;
      }
      int length = (int) Math.min(sampleBytes, SAMPLE);
      return sampleKind.holdsNumbers(in.piece(data + sampleAt, length));
    }

    private static long whole(JsonParser parser) throws IOException {
      if (parser.getTextLength() > 18) {
        throw new ArithmeticException("a size of " + parser.getTextLength() + " digits");
      }
      return parser.getLongValue();
    }

    /** Bits of one element; 0 where the type is none that is known here. */
    private static int bits(String dtype) {
      return switch (dtype) {
        case "F4" -> 4;
        case "F6_E2M3", "F6_E3M2" -> 6;
        case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0" -> 8;
        case "I16", "U16", "F16", "BF16" -> 16;
        case "I32", "U32", "F32" -> 32;
        case "I64", "U64", "F64", "C64" -> 64;
        default -> 0;
      };
    }
  }
}
