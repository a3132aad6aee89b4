package io.vaultlayer.core.lease;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of a token, in hex: the only form in which a token is stored. */
public record TokenHash(String hex) {
  private static final int DIGITS = 64;

  public TokenHash {
    if (hex == null || !isSha256(hex)) {
      throw new IllegalArgumentException("a token hash is 64 hex digits");
    }
  }

  /** By hand instead of by a pattern: every read of a lease checks several. */
  static boolean isSha256(String hex) {
    if (hex.length() != DIGITS) {
      return false;
    }
    for (int i = 0; i < DIGITS; i++) {
      char c = hex.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  public static TokenHash of(String token) {
    return new TokenHash(ofBytes(token.getBytes(StandardCharsets.UTF_8)));
  }

  /** SHA-256 of any bytes, in hex. */
  public static String ofBytes(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Compares in constant time. */
  public boolean matches(TokenHash other) {
    return MessageDigest.isEqual(
        hex.getBytes(StandardCharsets.US_ASCII), other.hex.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public String toString() {
    return "TokenHash[" + hex.substring(0, 8) + "...]";
  }
}
