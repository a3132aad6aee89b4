package io.vaultlayer.core.port;

/** A queue, bus, bucket or credential issuer gave no usable answer. */
public final class TransportUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TransportUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
