package io.vaultlayer.aws;

import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Write;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * How a row lies in DynamoDB:
 *
 * <pre>
 * pk, sk           S  the key
 * version          N  what conditions look at
 * a                M  the attributes, so that no name of theirs meets one of ours
 * duePartition     S  \ only on rows that owe work: the index holds nothing else
 * dueAt            S  / 2026-01-01T12:00:00.000Z, always 24 characters, so that text sorts as time
 * expiresAt        N  copy of the attribute of that name, where DynamoDB's expiry looks
 * </pre>
 *
 * Inside {@code a} a Long is an N, and a Double an SS with one text: DynamoDB rewrites the digits
 * of numbers (2.0 becomes 2) and has a smaller range, and a value must come back as it was.
 */
final class Row {
  static final String PARTITION = "pk";
  static final String SORT = "sk";
  static final String VERSION = "version";
  static final String ATTRIBUTES = "a";
  static final String DUE_PARTITION = "duePartition";
  static final String DUE_AT = "dueAt";
  static final String EXPIRES_AT = "expiresAt";

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private Row() {}

  static Map<String, AttributeValue> key(Key key) {
    return Map.of(PARTITION, text(key.partition()), SORT, text(key.sort()));
  }

  static Map<String, AttributeValue> encode(Write.Put put, long version) {
    var row = new LinkedHashMap<>(key(put.key()));
    row.put(VERSION, number(version));
    row.put(ATTRIBUTES, encode(put.attributes()));
    put.due()
        .ifPresent(due -> {
          row.put(DUE_PARTITION, text(due.partition()));
          row.put(DUE_AT, text(time(due.at())));
        });
    if (put.attributes().get(EXPIRES_AT) instanceof Long seconds) {
      row.put(EXPIRES_AT, number(seconds));
    }
    return row;
  }

  static Item decode(Map<String, AttributeValue> row) {
    var key = new Key(row.get(PARTITION).s(), row.get(SORT).s());
    var due =
        Optional.ofNullable(row.get(DUE_AT))
            .map(at -> new Due(row.get(DUE_PARTITION).s(), Instant.parse(at.s())));
    return new Item(
        key, Long.parseLong(row.get(VERSION).n()), decodeMap(row.get(ATTRIBUTES).m()), due);
  }

  static String time(Instant at) {
    return TIME.format(at);
  }

  static AttributeValue text(String value) {
    return AttributeValue.fromS(value);
  }

  static AttributeValue number(long value) {
    return AttributeValue.fromN(Long.toString(value));
  }

  private static AttributeValue encode(Object value) {
    return switch (value) {
      case String text -> text(text);
      case Long number -> number(number);
      case Double real -> AttributeValue.fromSs(List.of(Double.toString(real)));
      case Boolean bool -> AttributeValue.fromBool(bool);
      case List<?> list -> AttributeValue.fromL(list.stream().map(Row::encode).toList());
      case Map<?, ?> map -> {
        var encoded = new LinkedHashMap<String, AttributeValue>();
        map.forEach((name, inner) -> encoded.put((String) name, encode(inner)));
        yield AttributeValue.fromM(encoded);
      }
      default ->
          throw new IllegalArgumentException("no row holds a " + value.getClass().getSimpleName());
    };
  }

  private static Object decode(AttributeValue value) {
    return switch (value.type()) {
      case S -> value.s();
      case N -> Long.parseLong(value.n());
      case SS -> Double.parseDouble(value.ss().getFirst());
      case BOOL -> value.bool();
      case L -> value.l().stream().map(Row::decode).toList();
      case M -> decodeMap(value.m());
      case B, BS, NS, NUL, UNKNOWN_TO_SDK_VERSION ->
          throw new IllegalStateException("a row holds a " + value.type() + " that we never write");
    };
  }

  private static Map<String, Object> decodeMap(Map<String, AttributeValue> map) {
    var decoded = new LinkedHashMap<String, Object>();
    map.forEach((name, value) -> decoded.put(name, decode(value)));
    return decoded;
  }
}
