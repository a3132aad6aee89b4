package io.vaultlayer.agent.s3;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Digests, and how they are written. */
public final class Hex {
  private static final HexFormat FORMAT = HexFormat.of();

  /** Cloned for every use: asking the JDK's providers for one costs more than a short digest. */
  private static final MessageDigest SHA256 = sha256();

  private Hex() {}

  public static String of(byte[] bytes) {
    return FORMAT.formatHex(bytes);
  }

  public static byte[] sha256(byte[] bytes) {
    return newSha256().digest(bytes);
  }

  public static MessageDigest newSha256() {
    return copy(SHA256);
  }

  /** A digest that goes on from where another one stands. */
  static MessageDigest copy(MessageDigest begun) {
    try {
      return (MessageDigest) begun.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's own SHA-256 can be cloned", e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** The CRC32 of a manifest: 8 hex digits. */
  public static String crc(long crc32) {
    return FORMAT.toHexDigits((int) crc32);
  }
}
