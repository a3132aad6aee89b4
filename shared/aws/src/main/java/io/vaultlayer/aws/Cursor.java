package io.vaultlayer.aws;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * A page's {@code next}: DynamoDB's last key, whose parts are all texts, as name, value, name,
 * value; each in base 64 without padding, joined by dots.
 */
final class Cursor {
  private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

  private Cursor() {}

  static String of(Map<String, AttributeValue> lastKey) {
    var text = new StringBuilder();
    lastKey.forEach((name, value) -> {
      if (!text.isEmpty()) {
        text.append('.');
      }
      text.append(encode(name)).append('.').append(encode(value.s()));
    });
    return text.toString();
  }

  /** Null, as the SDK wants it, where there is none. */
  static Map<String, AttributeValue> parse(Optional<String> next) {
    if (next.isEmpty()) {
      return null;
    }
    var parts = next.get().split("\\.", -1);
    if (parts.length % 2 != 0 || parts.length > 8) {
      throw new IllegalArgumentException("not a page's next");
    }
    var key = new HashMap<String, AttributeValue>();
    for (int i = 0; i < parts.length; i += 2) {
      key.put(decode(parts[i]), Row.text(decode(parts[i + 1])));
    }
    return key;
  }

  private static String encode(String text) {
    return ENCODER.encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String decode(String text) {
    try {
      return new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException unreadable) {
      throw new IllegalArgumentException("not a page's next", unreadable);
    }
  }
}
