package io.vaultlayer.agent.gate;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/** JSON beside and inside checkpoints, token by token: nothing of a document is kept. */
final class JsonText {
  /** Larger JSON is data, and reading it would cost more than the check is worth. */
  static final long MOST_BYTES = 16L << 20;

  /** {@code -Infinity}. */
  private static final int LONGEST_WORD = 16;

  private JsonText() {}

  /** Trainers write NaN and Infinity bare, and random states as numbers of 6,000 digits. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(500)
                  .maxNumberLength(1 << 20)
                  .maxNameLength(1 << 20)
                  .maxStringLength(1 << 20)
                  .build())
          .build()
          .configure(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature(), true);

  static JsonParser parser(InputStream in) throws IOException {
    return FACTORY.createParser(in);
  }

  /** Only what is cut short counts: dialects of JSON are the script's own affair. */
  static Optional<String> problem(Part part) throws IOException {
    if (part.bytes() > MOST_BYTES) {
      return Optional.empty();
    }
    try (var in = Files.newInputStream(part.file());
        JsonParser parser = parser(in)) {
      boolean empty = true;
      while (parser.nextToken() != null) {
        empty = false;
      }
      return empty ? Optional.of("an empty JSON file") : Optional.empty();
    } catch (JsonEOFException e) {
      return Optional.of("not a whole JSON document");
    } catch (JsonProcessingException e) {
      // Inside a word, and behind a comma, the parser does not say that it is the end it met.
      boolean atEnd = e.getLocation() != null && e.getLocation().getCharOffset() >= lastWord(part);
      return atEnd ? Optional.of("not a whole JSON document") : Optional.empty();
    }
  }

  /** Characters before the last word or number of a file; all, where it ends in another sign. */
  private static long lastWord(Part part) throws IOException {
    long characters = 0;
    long word = 0;
    try (var in = new BufferedInputStream(Files.newInputStream(part.file()))) {
      for (int b = in.read(); b >= 0; b = in.read()) {
        word = isWord(b) ? word + 1 : 0;
        // As UTF-16 counts them: none for a following byte, two for what takes four.
        characters += (b & 0xc0) == 0x80 ? 0 : b >= 0xf0 ? 2 : 1;
      }
    }
    return characters - Math.min(word, LONGEST_WORD);
  }

  private static boolean isWord(int b) {
    return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '+' && b <= '9';
  }

  /** A whole number in the outermost object; empty when it is null, something else or not there. */
  static OptionalLong number(Part part, String field) throws IOException {
    if (part.bytes() > MOST_BYTES) {
      return OptionalLong.empty();
    }
    try (var in = Files.newInputStream(part.file());
        JsonParser parser = parser(in)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          boolean found = parser.currentName().equals(field);
          if (parser.nextToken() == JsonToken.VALUE_NUMBER_INT && found) {
            return parser.getTextLength() > 19
                ? OptionalLong.empty()
                : OptionalLong.of(parser.getLongValue());
          }
          parser.skipChildren();
        }
      }
    } catch (JsonProcessingException e) {
      return OptionalLong.empty();
    }
    return OptionalLong.empty();
  }

  /** The files that a shard index names; as far as it can be read. */
  static TreeSet<String> weightMap(Part part, int most) throws IOException {
    var names = new TreeSet<String>();
    if (part.bytes() > MOST_BYTES) {
      return names;
    }
    try (var in = Files.newInputStream(part.file());
        JsonParser parser = parser(in)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return names;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean map = parser.currentName().equals("weight_map");
        if (parser.nextToken() == JsonToken.START_OBJECT && map) {
          while (parser.nextToken() == JsonToken.FIELD_NAME) {
            if (parser.nextToken() == JsonToken.VALUE_STRING && names.size() < most) {
              names.add(parser.getText());
            }
            parser.skipChildren();
          }
        } else {
          parser.skipChildren();
        }
      }
    } catch (JsonProcessingException e) {
      return names;
    }
    return names;
  }
}
