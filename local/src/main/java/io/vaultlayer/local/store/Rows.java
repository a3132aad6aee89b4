package io.vaultlayer.local.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vaultlayer.core.port.Attributes;
import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a row is written into SQLite's columns and read back. */
final class Rows {
  static final String COLUMNS = "pk, sk, version, json, due_partition, due_at";

  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.USE_LONG_FOR_INTS).build();
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};
  private static final TypeReference<List<String>> TEXTS = new TypeReference<>() {};

  private Rows() {}

  static Item item(ResultSet row) throws SQLException {
    try {
      var partition = row.getString(5);
      return new Item(
          new Key(row.getString(1), row.getString(2)),
          row.getLong(3),
          MAPPER.readValue(row.getString(4), MAP),
          partition == null
              ? Optional.empty()
              : Optional.of(new Due(partition, instant(row.getString(6)))));
    } catch (JsonProcessingException e) {
      throw new SQLException("a stored row is unreadable: " + e.getOriginalMessage(), e);
    }
  }

  static String json(Map<String, Object> attributes) {
    try {
      return MAPPER.writeValueAsString(Attributes.frozen(attributes));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a row's attributes must be JSON values", e);
    }
  }

  /** Fixed width, so that texts sort as the times do. */
  static String sortable(Instant at) {
    if (at.getEpochSecond() < 0) {
      return "%014d%09d".formatted(0, 0);
    }
    return "%014d%09d".formatted(at.getEpochSecond(), at.getNano());
  }

  static Instant instant(String sortable) {
    return Instant.ofEpochSecond(
        Long.parseLong(sortable.substring(0, sortable.length() - 9)),
        Long.parseLong(sortable.substring(sortable.length() - 9)));
  }

  static String token(String... parts) {
    try {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(MAPPER.writeValueAsBytes(List.of(parts)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a page token is always JSON", e);
    }
  }

  static List<String> parts(String token, int count) {
    try {
      var parts = MAPPER.readValue(Base64.getUrlDecoder().decode(token), TEXTS);
      if (parts != null && parts.size() == count) {
        return parts;
      }
    } catch (java.io.IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException("not a page token of this listing", e);
    }
    throw new IllegalArgumentException("not a page token of this listing");
  }
}
