package io.vaultlayer.agent;

import io.vaultlayer.agent.s3.Hex;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.random.RandomGenerator;

/**
 * The bearer token of one attempt, made here; the control plane is told only its SHA-256 (hex, of
 * the token's text).
 */
record Token(String text) {
  private static final String PREFIX = "vla_";
  private static final int BYTES = 32;

  Token {
    if (!text.startsWith(PREFIX) || text.length() < PREFIX.length() + BYTES) {
      throw new IllegalArgumentException("no attempt token");
    }
  }

  static Token make(RandomGenerator random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return new Token(PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
  }

  String sha256() {
    return Hex.of(Hex.sha256(text.getBytes(StandardCharsets.US_ASCII)));
  }

  @Override
  public String toString() {
    return "Token[...]";
  }
}
