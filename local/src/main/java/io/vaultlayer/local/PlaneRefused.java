package io.vaultlayer.local;

/**
 * The plane cannot start, or cannot go on, for a reason that a person can act on.
 *
 * <p>{@code code} is stable; the message has the contract's shape: what was being done, what
 * happened, what to do.
 */
public final class PlaneRefused extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;

  public PlaneRefused(String code, String message) {
    super(message);
    this.code = code;
  }

  public PlaneRefused(String code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public String code() {
    return code;
  }
}
