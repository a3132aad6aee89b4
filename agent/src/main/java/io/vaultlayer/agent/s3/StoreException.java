package io.vaultlayer.agent.s3;

import java.io.IOException;

/**
 * Why a request to the bucket had no effect. Sealed, one kind for each thing that a caller does
 * differently. No message holds a URL's query, a header or a credential.
 */
public abstract sealed class StoreException extends IOException {
  private static final long serialVersionUID = 1L;

  private StoreException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * 401, 403, or 400 that speaks of the token, with credentials that the source still calls
   * current: fenced, expired or wrong.
   */
  public static final class AccessRefused extends StoreException {
    private static final long serialVersionUID = 1L;

    public AccessRefused(String message) {
      super(message, null);
    }
  }

  /** 412 on create-if-absent: there is an object under this key; whose, only its bytes tell. */
  public static final class AlreadyThere extends StoreException {
    private static final long serialVersionUID = 1L;

    public AlreadyThere(String message) {
      super(message, null);
    }
  }

  /** 404: no such object, bucket or multipart upload. */
  public static final class NotThere extends StoreException {
    private static final long serialVersionUID = 1L;

    public NotThere(String message) {
      super(message, null);
    }
  }

  /** The object is there and has not the size that was counted on. */
  public static final class WrongSize extends StoreException {
    private static final long serialVersionUID = 1L;

    public WrongSize(String message) {
      super(message, null);
    }
  }

  /** The store answered that it will never do this (other 4xx), or answered unreadably. */
  public static final class Refused extends StoreException {
    private static final long serialVersionUID = 1L;

    private final boolean unimplemented;

    public Refused(String message) {
      this(message, false);
    }

    /**
     * @param unimplemented 501: it might do it without something that was asked for
     */
    public Refused(String message, boolean unimplemented) {
      super(message, null);
      this.unimplemented = unimplemented;
    }

    public boolean isUnimplemented() {
      return unimplemented;
    }
  }

  /** No good answer within the tries: network, 429 or 5xx. The effect may have happened. */
  public static final class Unreachable extends StoreException {
    private static final long serialVersionUID = 1L;

    public Unreachable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** What was to be sent could not be read, or was shorter than announced: the local side's. */
  public static final class SourceBroken extends StoreException {
    private static final long serialVersionUID = 1L;

    public SourceBroken(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The {@link Stop} was pulled: nothing more is started, what was in flight was cut. */
  public static final class Stopped extends StoreException {
    private static final long serialVersionUID = 1L;

    public Stopped() {
      super("stopped", null);
    }
  }
}
