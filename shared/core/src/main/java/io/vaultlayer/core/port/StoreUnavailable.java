package io.vaultlayer.core.port;

/**
 * The store gave no answer; a write may have been applied. Retry is safe: every write is
 * conditional.
 */
public final class StoreUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StoreUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
