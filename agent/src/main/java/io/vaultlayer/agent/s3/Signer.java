package io.vaultlayer.agent.s3;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * AWS Signature Version 4 for S3, as far as the agent needs it: headers, not presigned URLs; the
 * payload signed by its digest or not at all.
 */
final class Signer {
  static final String UNSIGNED = "UNSIGNED-PAYLOAD";
  private static final int BLOCK = 64;
  private static final String SCHEME = "AWS4-HMAC-SHA256";

  /** The last two: reading and writing may go with different keys. */
  private static volatile Derived derived;

  private static volatile Derived earlier;
  private static volatile Second second = new Second(0, time(0));

  private Signer() {}

  /** Who signs; {@code sessionToken} may be null. */
  record Identity(String accessKeyId, String secretAccessKey, String sessionToken, String region) {
    @Override
    public String toString() {
      return "Identity[" + accessKeyId + "]";
    }
  }

  /**
   * What is signed.
   *
   * @param host as the Host header will say it, with a port that is not the scheme's own
   * @param path percent-encoded, from the first slash
   * @param query names and values before encoding
   * @param headers further headers to sign, with lower-case names
   * @param payload hex SHA-256 of the body, or {@link #UNSIGNED}
   */
  record Request(
      String method,
      String host,
      String path,
      SortedMap<String, String> query,
      SortedMap<String, String> headers,
      String payload) {}

  /** All headers to send, those of the request and the signature. */
  static SortedMap<String, String> sign(Request request, Identity identity, long epochSeconds) {
    String time = at(epochSeconds);
    String day = time.substring(0, 8);
    var headers = new TreeMap<>(request.headers());
    headers.put("host", request.host());
    headers.put("x-amz-content-sha256", request.payload());
    headers.put("x-amz-date", time);
    if (identity.sessionToken() != null && !identity.sessionToken().isEmpty()) {
      headers.put("x-amz-security-token", identity.sessionToken());
    }
    String names = String.join(";", headers.keySet());
    var canonical =
        new StringBuilder(request.method())
            .append('\n')
            .append(request.path())
            .append('\n')
            .append(query(request.query()))
            .append('\n');
    headers.forEach(
        (name, value) -> canonical.append(name).append(':').append(value.strip()).append('\n'));
    canonical.append('\n').append(names).append('\n').append(request.payload());
    String scope = day + '/' + identity.region() + "/s3/aws4_request";
    String toSign =
        SCHEME + '\n' + time + '\n' + scope + '\n' + Hex.of(Hex.sha256(utf8(canonical.toString())));
    headers.put(
        "authorization",
        SCHEME
            + " Credential="
            + identity.accessKeyId()
            + '/'
            + scope
            + ",SignedHeaders="
            + names
            + ",Signature="
            + Hex.of(key(identity, day).hmac(utf8(toSign))));
    return headers;
  }

  /**
   * The key of a day, kept for the next request: it is two thirds of the digests of a signature,
   * and four thousand small files have four thousand of those.
   */
  private static Key key(Identity identity, String day) {
    for (Derived known : new Derived[] {derived, earlier}) {
      if (known != null && known.day().equals(day) && known.isOf(identity)) {
        return known.key();
      }
    }
    byte[] key = utf8("AWS4" + identity.secretAccessKey());
    for (String part : new String[] {day, identity.region(), "s3", "aws4_request"}) {
      key = new Key(key).hmac(utf8(part));
    }
    var fresh = new Derived(identity, day, new Key(key));
    earlier = derived;
    derived = fresh;
    return fresh.key();
  }

  private record Derived(Identity identity, String day, Key key) {
    boolean isOf(Identity other) {
      return identity == other || identity.equals(other);
    }

    @Override
    public String toString() {
      return "Derived[" + day + "]";
    }
  }

  /** A second as it is written; many requests fall into one. */
  private record Second(long epoch, String text) {}

  private static String at(long epochSeconds) {
    Second last = second;
    if (last.epoch() != epochSeconds) {
      last = new Second(epochSeconds, time(epochSeconds));
      second = last;
    }
    return last.text();
  }

  /** The query string in the order and encoding that is signed, without a question mark. */
  static String query(SortedMap<String, String> query) {
    var text = new StringBuilder();
    query.forEach((name, value) ->
        text.append(text.isEmpty() ? "" : "&")
            .append(encode(name, false))
            .append('=')
            .append(encode(value, false)));
    return text.toString();
  }

  /** Percent-encodes all but RFC 3986's unreserved characters, and slashes where asked. */
  static String encode(String text, boolean keepSlashes) {
    var out = new StringBuilder(text.length() + 16);
    for (byte b : utf8(text)) {
      char c = (char) (b & 0xff);
      boolean plain =
          c >= 'A' && c <= 'Z'
              || c >= 'a' && c <= 'z'
              || c >= '0' && c <= '9'
              || c == '-'
              || c == '.'
              || c == '_'
              || c == '~'
              || keepSlashes && c == '/';
      if (plain) {
        out.append(c);
      } else {
        out.append('%').append(digit(c >> 4)).append(digit(c & 15));
      }
    }
    return out.toString();
  }

  private static String digit(int value) {
    return Integer.toHexString(value).toUpperCase(Locale.ROOT);
  }

  private static String time(long epochSeconds) {
    var at = LocalDateTime.ofEpochSecond(epochSeconds, 0, ZoneOffset.UTC);
    long day = at.getYear() * 10000L + at.getMonthValue() * 100 + at.getDayOfMonth();
    long second = at.getHour() * 10000L + at.getMinute() * 100 + at.getSecond();
    return day + "T" + Long.toString(1_000_000 + second).substring(1) + "Z";
  }

  /**
   * HMAC-SHA256 on a plain digest: javax.crypto.Mac would load and verify its providers first, tens
   * of milliseconds of CPU that a plain-http bucket never needs. Both digests stand behind the key.
   */
  private static final class Key {
    private final MessageDigest inner = Hex.newSha256();
    private final MessageDigest outer = Hex.newSha256();

    Key(byte[] key) {
      byte[] padded = Arrays.copyOf(key.length > BLOCK ? Hex.sha256(key) : key, BLOCK);
      byte[] other = padded.clone();
      for (int i = 0; i < BLOCK; i++) {
        padded[i] ^= 0x36;
        other[i] ^= 0x5c;
      }
      inner.update(padded);
      outer.update(other);
    }

    byte[] hmac(byte[] text) {
      return Hex.copy(outer).digest(Hex.copy(inner).digest(text));
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
