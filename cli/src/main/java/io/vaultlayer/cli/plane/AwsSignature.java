package io.vaultlayer.cli.plane;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * AWS Signature Version 4 for API Gateway, as described in the AWS General Reference under "Signing
 * AWS API requests". The AWS SDK would do it too, at a second of start-up time.
 */
final class AwsSignature {
  private static final String ALGORITHM = "AWS4-HMAC-SHA256";
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private final Optional<AwsCredentials> credentials;
  private final String region;
  private final Clock clock;
  private final String service;

  AwsSignature(Optional<AwsCredentials> credentials, String region, Clock clock) {
    this(credentials, region, clock, "execute-api");
  }

  AwsSignature(Optional<AwsCredentials> credentials, String region, Clock clock, String service) {
    this.credentials = credentials;
    this.region = region;
    this.clock = clock;
    this.service = service;
  }

  /** The headers to add; none without credentials. The connection itself sends {@code Host}. */
  Map<String, String> headers(String method, URI uri, byte[] body) {
    if (credentials.isEmpty()) {
      return Map.of();
    }
    var key = credentials.get();
    var stamp = STAMP.format(clock.instant());
    var signed = new TreeMap<String, String>();
    signed.put("host", uri.getRawAuthority());
    signed.put("x-amz-date", stamp);
    key.sessionToken().ifPresent(token -> signed.put("x-amz-security-token", token));

    var names = String.join(";", signed.keySet());
    var canonical =
        method
            + "\n"
            + path(uri)
            + "\n"
            + query(uri)
            + "\n"
            + signed.entrySet().stream()
                .map(h -> h.getKey() + ":" + h.getValue().strip() + "\n")
                .collect(Collectors.joining())
            + "\n"
            + names
            + "\n"
            + hex(sha256(body));
    var scope = stamp.substring(0, 8) + "/" + region + "/" + service + "/aws4_request";
    var text = ALGORITHM + "\n" + stamp + "\n" + scope + "\n" + hex(sha256(utf8(canonical)));
    var signature = hex(hmac(signingKey(key.secretAccessKey(), stamp.substring(0, 8)), text));

    var headers = new LinkedHashMap<String, String>();
    headers.put("X-Amz-Date", stamp);
    key.sessionToken().ifPresent(token -> headers.put("X-Amz-Security-Token", token));
    headers.put(
        "Authorization",
        ALGORITHM
            + " Credential="
            + key.accessKeyId()
            + "/"
            + scope
            + ", SignedHeaders="
            + names
            + ", Signature="
            + signature);
    return headers;
  }

  /** Every service but S3 escapes the already escaped path once more. */
  private static String path(URI uri) {
    var path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return path.replace("%", "%25");
  }

  private static String query(URI uri) {
    if (uri.getRawQuery() == null) {
      return "";
    }
    return Arrays.stream(uri.getRawQuery().split("&"))
        .map(pair -> pair.contains("=") ? pair : pair + "=")
        .sorted()
        .collect(Collectors.joining("&"));
  }

  private byte[] signingKey(String secret, String day) {
    var key = hmac(utf8("AWS4" + secret), day);
    return hmac(hmac(hmac(key, region), service), "aws4_request");
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(utf8(text));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
