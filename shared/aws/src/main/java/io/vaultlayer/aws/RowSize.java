package io.vaultlayer.aws;

import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Write;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What DynamoDB counts a row as, in bytes: its developer guide, "DynamoDB item sizes and formats".
 * Names count as well as values. The guide calls the size of a number approximate and says nothing
 * of sets; a set is taken to cost what a list does.
 */
public final class RowSize {
  /** Of each list, map or set, whatever is in it. */
  private static final int COLLECTION = 3;

  /** Of each element of a list, map or set. */
  private static final int ELEMENT = 1;

  private RowSize() {}

  public static int bytes(Item item) {
    return bytes(item.key(), item.version(), item.attributes(), item.due());
  }

  public static int bytes(
      Key key, long version, Map<String, Object> attributes, Optional<Due> due) {
    var put = new Write.Put("any", key, Expect.anything(), attributes, due);
    return named(Row.encode(put, version));
  }

  private static int named(Map<String, AttributeValue> map) {
    return map.entrySet().stream().mapToInt(e -> utf8(e.getKey()) + value(e.getValue())).sum();
  }

  private static int value(AttributeValue value) {
    return switch (value.type()) {
      case S -> utf8(value.s());
      case N -> number(value.n());
      case B -> value.b().asByteArrayUnsafe().length;
      case BOOL, NUL -> 1;
      case L -> COLLECTION + value.l().stream().mapToInt(inner -> ELEMENT + value(inner)).sum();
      case M -> COLLECTION + ELEMENT * value.m().size() + named(value.m());
      case SS -> COLLECTION + value.ss().stream().mapToInt(s -> ELEMENT + utf8(s)).sum();
      case NS -> COLLECTION + value.ns().stream().mapToInt(n -> ELEMENT + number(n)).sum();
      case BS, UNKNOWN_TO_SDK_VERSION ->
          throw new IllegalArgumentException("a row holds no " + value.type());
    };
  }

  /** One byte for two significant digits, one more, and one for a sign. */
  private static int number(String text) {
    var number = new BigDecimal(text).stripTrailingZeros();
    int digits = number.signum() == 0 ? 0 : number.precision();
    return (digits + 1) / 2 + 1 + (number.signum() < 0 ? 1 : 0);
  }

  private static int utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
