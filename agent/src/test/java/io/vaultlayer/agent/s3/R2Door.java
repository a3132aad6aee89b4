package io.vaultlayer.agent.s3;

import com.sun.net.httpserver.HttpExchange;
import io.vaultlayer.agent.s3.LoopbackBucket.Call;
import io.vaultlayer.agent.s3.LoopbackBucket.Reply;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import io.vaultlayer.wire.AttemptApi.S3Key;
import io.vaultlayer.wire.Json;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Lets calls in as Cloudflare R2 does by its documentation: Signature Version 4 under a secret that
 * is the digest of a JWT, which comes along as the session token and says what is allowed. Written
 * from the two specifications; shares no line with the agent's signer or the issuer.
 *
 * <p>Assumed, since no page says it: what an expired token is answered with (settable), that {@code
 * actions} beside {@code scope} is refused, and that the source of a copied part has to lie under
 * the paths as well.
 */
public final class R2Door implements LoopbackBucket.Door {
  private static final Set<String> REGIONS = Set.of("auto", "us-east-1");
  private static final long MOST_SKEW = 900;

  /** What an expired token is answered with. */
  public record Expired(int status, String code) {}

  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Reply reply;

    Refused(int status, String code, String message) {
      super(message);
      this.reply = Reply.error(status, code, message);
    }
  }

  private final String account;
  private final String parentKeyId;
  private final byte[] parentSecret;
  private final boolean strict;
  private volatile Expired expired = new Expired(401, "Unauthorized");
  private volatile long passedSeconds;
  private final List<Call> letIn = new CopyOnWriteArrayList<>();

  /**
   * @param strict as R2 was in January 2025: 501 for checksums and streaming signatures
   */
  public R2Door(String account, String parentKeyId, String parentSecret, boolean strict) {
    this.account = account;
    this.parentKeyId = parentKeyId;
    this.parentSecret = utf8(parentSecret);
    this.strict = strict;
  }

  public void answerExpired(Expired answer) {
    expired = answer;
  }

  /** This much time passed for tokens, though not for the requests' dates. */
  public void pass(long seconds) {
    passedSeconds += seconds;
  }

  /** The calls that had their effect, unless what is behind the door refused them. */
  public List<Call> letIn() {
    return letIn;
  }

  @Override
  public Optional<Reply> refusal(HttpExchange exchange, Call call, byte[] body) {
    try {
      if (strict) {
        knowsNoChecksums(exchange);
      }
      Map<?, ?> claims = signed(exchange, call, body);
      allowed(exchange, call, claims);
      letIn.add(call);
      return Optional.empty();
    } catch (Refused e) {
      return Optional.of(e.reply);
    } catch (RuntimeException e) {
      return Optional.of(Reply.error(401, "Unauthorized", "unreadable: " + e));
    }
  }

  private static void knowsNoChecksums(HttpExchange exchange) throws Refused {
    for (var header : exchange.getRequestHeaders().entrySet()) {
      String name = header.getKey().toLowerCase(java.util.Locale.ROOT);
      String value = header.getValue().getFirst();
      if (name.startsWith("x-amz-checksum-")
          || name.equals("x-amz-sdk-checksum-algorithm")
          || name.equals("x-amz-content-sha256") && value.startsWith("STREAMING-")) {
        throw new Refused(
            501,
            "NotImplemented",
            "Header '" + name + "' with value '" + value + "' not implemented");
      }
    }
  }

  /** The claims of the token with which the request is rightly signed. */
  private Map<?, ?> signed(HttpExchange exchange, Call call, byte[] body) throws Refused {
    var authorization = new TreeMap<String, String>();
    String given = LoopbackBucket.header(exchange, "Authorization", "");
    for (String part : given.substring(given.indexOf(' ') + 1).split(", *")) {
      authorization.put(
          part.substring(0, part.indexOf('=')), part.substring(part.indexOf('=') + 1));
    }
    String[] scope = authorization.get("Credential").split("/");
    if (!given.startsWith("AWS4-HMAC-SHA256 ") || !scope[0].equals(parentKeyId)) {
      throw new Refused(401, "Unauthorized", "no such access key");
    }
    String token = LoopbackBucket.header(exchange, "x-amz-security-token", "");
    String jwt = new String(Base64.getDecoder().decode(token), StandardCharsets.US_ASCII);
    if (!jwt.startsWith("jwt/")) {
      throw new Refused(401, "Unauthorized", "no token");
    }
    jwt = jwt.substring("jwt/".length());
    Map<?, ?> claims = claims(exchange, jwt);
    String secret = HexFormat.of().formatHex(sha256(utf8(jwt)));
    String expected = signature(exchange, call, scope, authorization.get("SignedHeaders"), secret);
    if (!REGIONS.contains(scope[2]) || !expected.equals(authorization.get("Signature"))) {
      throw new Refused(403, "SignatureDoesNotMatch", "(10035)");
    }
    String payload = LoopbackBucket.header(exchange, "x-amz-content-sha256", "");
    if (!payload.equals("UNSIGNED-PAYLOAD")
        && !payload.equals(HexFormat.of().formatHex(sha256(body)))) {
      throw new Refused(400, "BadDigest", "another body than was signed");
    }
    return claims;
  }

  private Map<?, ?> claims(HttpExchange exchange, String jwt) throws Refused {
    String[] parts = jwt.split("\\.", -1);
    String header = new String(Base64.getUrlDecoder().decode(parts[0]), StandardCharsets.UTF_8);
    byte[] signature = hmac(parentSecret, parts[0] + "." + parts[1]);
    if (parts.length != 3
        || !"HS256".equals(Json.parse(header, Map.class).get("alg"))
        || !MessageDigest.isEqual(signature, Base64.getUrlDecoder().decode(parts[2]))) {
      throw new Refused(401, "Unauthorized", "the token is not of the parent's making");
    }
    String payload = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
    Map<?, ?> claims = Json.parse(payload, Map.class);
    long now = Instant.now().getEpochSecond() + passedSeconds;
    if (seconds(claims, "exp") <= now || seconds(claims, "iat") > now + MOST_SKEW) {
      throw new Refused(expired.status(), expired.code(), "the token is over");
    }
    String host = exchange.getRequestHeaders().getFirst("Host");
    if (!account.equals(claims.get("sub"))
        || !parentKeyId.equals(claims.get("iss"))
        || !host.equals(claims.get("aud"))
        || claims.containsKey("scope") == claims.containsKey("actions")) {
      throw new Refused(401, "Unauthorized", "a token for somebody else");
    }
    return claims;
  }

  private static long seconds(Map<?, ?> claims, String name) {
    return ((Number) claims.get(name)).longValue();
  }

  /** As "Create a signed AWS API request" of the IAM user guide builds it. */
  private static String signature(
      HttpExchange exchange, Call call, String[] scope, String names, String secret)
      throws Refused {
    String date = exchange.getRequestHeaders().getFirst("x-amz-date");
    long at =
        LocalDateTime.parse(date, DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'"))
            .toEpochSecond(ZoneOffset.UTC);
    var named = List.of(names.split(";"));
    if (Math.abs(at - Instant.now().getEpochSecond()) > MOST_SKEW) {
      throw new Refused(403, "RequestTimeTooSkewed", "");
    }
    if (!named.containsAll(
        List.of("host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"))) {
      throw new Refused(403, "SignatureDoesNotMatch", "headers that have to be signed are not");
    }
    var headers = new StringBuilder();
    for (String name : named) {
      String value = exchange.getRequestHeaders().getFirst(name);
      headers.append(name).append(':').append(value.strip().replaceAll(" +", " ")).append('\n');
    }
    String canonical =
        String.join(
            "\n",
            call.method(),
            exchange.getRequestURI().getRawPath(),
            query(exchange.getRequestURI().getRawQuery()),
            headers,
            names,
            exchange.getRequestHeaders().getFirst("x-amz-content-sha256"));
    String terminated = String.join("/", scope[1], scope[2], scope[3], scope[4]);
    String toSign =
        String.join(
            "\n",
            "AWS4-HMAC-SHA256",
            date,
            terminated,
            HexFormat.of().formatHex(sha256(utf8(canonical))));
    byte[] key = utf8("AWS4" + secret);
    for (int part = 1; part <= 4; part++) {
      key = hmac(key, scope[part]);
    }
    return HexFormat.of().formatHex(hmac(key, toSign));
  }

  /** Pairs as they were sent, encoded, in the order of their names. */
  private static String query(String raw) {
    var pairs = new ArrayList<String>();
    for (String pair : raw == null ? new String[0] : raw.split("&")) {
      pairs.add(pair.contains("=") ? pair : pair + "=");
    }
    pairs.sort(null);
    return String.join("&", pairs);
  }

  private static void allowed(HttpExchange exchange, Call call, Map<?, ?> claims) throws Refused {
    String path = exchange.getRequestURI().getPath();
    if (!path.startsWith("/" + claims.get("bucket") + "/")) {
      throw new Refused(403, "AccessDenied", "another bucket");
    }
    String source = LoopbackBucket.header(exchange, "x-amz-copy-source", "");
    String action = action(call, !source.isEmpty());
    if (!(claims.get("actions") instanceof List<?> actions) || !actions.contains(action)) {
      throw new Refused(403, "AccessDenied", action + " is not allowed");
    }
    under(claims, call.key());
    if (!source.isEmpty()) {
      String decoded = URLDecoder.decode(source, StandardCharsets.UTF_8);
      under(claims, decoded.substring(decoded.indexOf('/', 1) + 1));
    }
  }

  private static void under(Map<?, ?> claims, String key) throws Refused {
    var paths = (Map<?, ?>) claims.get("paths");
    var prefixes = (List<?>) paths.get("prefixPaths");
    var objects = (List<?>) paths.get("objectPaths");
    if (prefixes.stream().noneMatch(prefix -> key.startsWith((String) prefix))
        && !objects.contains(key)) {
      throw new Refused(403, "AccessDenied", "not under the token's paths");
    }
  }

  private static String action(Call call, boolean copies) {
    var query = call.query();
    return switch (call.method()) {
      case "GET" ->
          query.containsKey("uploadId")
              ? "ListParts"
              : query.containsKey("uploads")
                  ? "ListMultipartUploads"
                  : call.key().isEmpty() ? "ListObjectsV2" : "GetObject";
      case "HEAD" -> "HeadObject";
      case "PUT" ->
          query.containsKey("partNumber")
              ? copies ? "UploadPartCopy" : "UploadPart"
              : copies ? "CopyObject" : "PutObject";
      case "POST" ->
          query.containsKey("uploads")
              ? "CreateMultipartUpload"
              : query.containsKey("uploadId") ? "CompleteMultipartUpload" : "DeleteObjects";
      default -> query.containsKey("uploadId") ? "AbortMultipartUpload" : "DeleteObject";
    };
  }

  /** What the control plane answers an agent, of what its issuer has made. */
  public static S3Credentials told(JobCredentials.Issued issued) {
    var read = issued.read().orElseThrow();
    return new S3Credentials(
        issued.endpoint(),
        issued.region(),
        issued.bucket(),
        issued.accessKeyId(),
        issued.secretAccessKey(),
        issued.sessionToken(),
        issued.prefix(),
        issued.expiresAt().toString(),
        new S3Key(read.accessKeyId(), read.secretAccessKey(), read.sessionToken()));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(utf8(text));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
