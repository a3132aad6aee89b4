package io.vaultlayer.wire;

import java.util.Map;

/**
 * The one shape of an error (contract, section 1): {@code <doing what> <id>: <what happened>; <what
 * to do>}.
 */
public record ErrorDocument(String code, String message, Map<String, Object> detail) {
  public ErrorDocument {
    detail = detail == null ? Map.of() : detail;
  }

  public static ErrorDocument of(String code, String message) {
    return new ErrorDocument(code, message, Map.of());
  }
}
