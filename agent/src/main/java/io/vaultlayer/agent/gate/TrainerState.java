package io.vaultlayer.agent.gate;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What a Trainer wrote of itself. NaN and Infinity may stand bare in it.
 *
 * @param whole it was read to its end, or is too long to be and ends as it must
 * @param logs what was logged of training, newest last, as far as it is kept
 */
record TrainerState(boolean whole, OptionalLong step, List<Log> logs) {
  private static final int MOST_LOGS = 64;

  /** One line of its history. */
  record Log(OptionalDouble loss, OptionalDouble gradNorm) {}

  static TrainerState read(Part part) throws IOException {
    var reading = new Reading();
    boolean large = part.bytes() > JsonText.MOST_BYTES;
    boolean whole = false;
    try (var in = new Window(part.file());
        JsonParser parser =
            JsonText.parser(in.stream(0, Math.min(in.size(), JsonText.MOST_BYTES)))) {
      if (large) {
        whole = in.byteAt(in.size() - 1) == '}';
      }
      whole |= reading.document(parser);
    } catch (JsonProcessingException e) {
      return new TrainerState(whole, reading.step, List.of());
    }
    return new TrainerState(whole, reading.step, List.copyOf(reading.logs));
  }

  /**
   * Why what it says of training makes the checkpoint worthless. A Trainer shows a running mean in
   * place of a loss that is no number; with nothing but such losses it shows 0. A single norm that
   * is not finite is usual with fp16: that step was left out.
   */
  Optional<String> problem() {
    if (logs.isEmpty()) {
      return Optional.empty();
    }
    Log last = logs.getLast();
    if (last.loss().isPresent() && !Double.isFinite(last.loss().getAsDouble())) {
      return Optional.of("the last logged loss is " + last.loss().getAsDouble());
    }
    if (!isSpoilt(last)) {
      return Optional.empty();
    }
    if (last.loss().isPresent() && last.loss().getAsDouble() == 0.0) {
      return Optional.of(
          "the last logged loss is 0 while grad_norm is " + last.gradNorm().getAsDouble());
    }
    return logs.size() > 1 && isSpoilt(logs.get(logs.size() - 2))
        ? Optional.of("grad_norm was " + last.gradNorm().getAsDouble() + " twice in a row")
        : Optional.empty();
  }

  private static boolean isSpoilt(Log log) {
    return log.gradNorm().isPresent() && !Double.isFinite(log.gradNorm().getAsDouble());
  }

  private static final class Reading {
    OptionalLong step = OptionalLong.empty();
    final ArrayDeque<Log> logs = new ArrayDeque<>();

    /** True when it was read to the end of its outermost object. */
    boolean document(JsonParser parser) throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("global_step") && value == JsonToken.VALUE_NUMBER_INT) {
          step =
              parser.getTextLength() > 19
                  ? OptionalLong.empty()
                  : OptionalLong.of(parser.getLongValue());
        } else if (name.equals("log_history") && value == JsonToken.START_ARRAY) {
          history(parser);
        } else {
          parser.skipChildren();
        }
      }
      return parser.currentToken() == JsonToken.END_OBJECT;
    }

    private void history(JsonParser parser) throws IOException {
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        OptionalDouble loss = OptionalDouble.empty();
        OptionalDouble norm = OptionalDouble.empty();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          JsonToken value = parser.nextToken();
          if (name.equals("loss")) {
            loss = number(parser, value);
          } else if (name.equals("grad_norm")) {
            norm = number(parser, value);
          }
          parser.skipChildren();
        }
        if (loss.isPresent()) {
          logs.addLast(new Log(loss, norm));
          if (logs.size() > MOST_LOGS) {
            logs.removeFirst();
          }
        }
      }
    }

    private static OptionalDouble number(JsonParser parser, JsonToken value) throws IOException {
      return value == JsonToken.VALUE_NUMBER_FLOAT
              || value == JsonToken.VALUE_NUMBER_INT && parser.getTextLength() < 18
          ? OptionalDouble.of(parser.getDoubleValue())
          : OptionalDouble.empty();
    }
  }

  static Optional<String> problemOf(Part part) throws IOException {
    return read(part).problem();
  }
}
