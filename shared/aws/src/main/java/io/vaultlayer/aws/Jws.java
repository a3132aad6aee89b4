package io.vaultlayer.aws;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Compact JSON Web Signatures with HMAC-SHA256 (RFC 7515, RFC 7518 section 3.2). */
final class Jws {
  private static final Base64.Encoder BASE64URL = Base64.getUrlEncoder().withoutPadding();

  private Jws() {}

  /** {@code <header>.<payload>.<signature>}, each in base64url. */
  static String hs256(String header, String payload, byte[] key) {
    String signed = encoded(utf8(header)) + "." + encoded(utf8(payload));
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return signed + "." + encoded(mac.doFinal(utf8(signed)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }

  private static String encoded(byte[] bytes) {
    return BASE64URL.encodeToString(bytes);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
