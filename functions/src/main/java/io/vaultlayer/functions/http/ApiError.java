package io.vaultlayer.functions.http;

import java.util.Map;

/** Refused: the caller's error, told in the contract's shape. */
public final class ApiError extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final int status;
  private final String code;
  private final transient Map<String, Object> detail;

  public ApiError(int status, String code, String message) {
    this(status, code, message, Map.of());
  }

  public ApiError(int status, String code, String message, Map<String, Object> detail) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = Map.copyOf(detail);
  }

  public int status() {
    return status;
  }

  public String code() {
    return code;
  }

  public Map<String, Object> detail() {
    return detail == null ? Map.of() : detail;
  }
}
