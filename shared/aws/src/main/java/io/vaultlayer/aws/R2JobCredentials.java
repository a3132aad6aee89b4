package io.vaultlayer.aws;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Temporary credentials of Cloudflare R2, made here without a request: a JWT that says what is
 * allowed, signed with the parent token's secret; the secret of the temporary key is that JWT's
 * digest. <a href="https://developers.cloudflare.com/r2/api/s3/temporary-credentials/">Documented
 * by Cloudflare</a>, April 2026: the claims, their names, the actions, and that prefixes match by
 * the beginning of the key.
 *
 * <p>One JWT's actions hold for all of its paths, so two are made: one that writes, and reads what
 * it wrote, under the epoch's prefixes; one that only reads, under the job's. Neither may delete or
 * list objects. The claim {@code scope} is left out: its words include deleting, and how it
 * combines with {@code actions} is not documented.
 *
 * <p>None of them can be taken back alone; revoking the parent token ends them all.
 */
public final class R2JobCredentials implements JobCredentials {
  private static final String REGION = "auto";
  private static final String HEADER = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

  /**
   * GET and HEAD are for the source of a part that the store copies; whether R2 wants them there
   * beside {@code UploadPartCopy} is not documented. They open nothing that this epoch did not
   * write.
   */
  private static final List<String> WRITE =
      List.of(
          "PutObject",
          "CreateMultipartUpload",
          "UploadPart",
          "UploadPartCopy",
          "CompleteMultipartUpload",
          "AbortMultipartUpload",
          "ListParts",
          "GetObject",
          "HeadObject");

  private static final List<String> READ = List.of("GetObject", "HeadObject");

  private final R2Account account;
  private final Supplier<String> parentSecret;
  private final InstantSource clock;
  private final String bucket;

  /**
   * @param parentSecret secret access key of the parent token; asked each time, so that a token
   *     that was replaced takes effect
   */
  public R2JobCredentials(
      R2Account account, Supplier<String> parentSecret, InstantSource clock, String bucket) {
    this.account = account;
    this.parentSecret = parentSecret;
    this.clock = clock;
    this.bucket = bucket;
  }

  @Override
  public Issued issue(JobId job, int epoch, Duration life) {
    JobCredentials.require(epoch, life);
    String id = job.value();
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant end = now.plus(life);
    byte[] secret = parentSecret.get().getBytes(StandardCharsets.UTF_8);
    Key write =
        key(
            claims(
                WRITE,
                List.of(
                    BucketLayout.checkpoints(id, epoch),
                    BucketLayout.logs(id, epoch),
                    BucketLayout.outputs(id, epoch)),
                now,
                end),
            secret);
    Key read = key(claims(READ, List.of(BucketLayout.job(id)), now, end), secret);
    return new Issued(
        account.endpoint().toString(),
        REGION,
        bucket,
        write.accessKeyId(),
        write.secretAccessKey(),
        write.sessionToken(),
        BucketLayout.job(id),
        end,
        Optional.of(read));
  }

  private Map<String, Object> claims(
      List<String> actions, List<String> prefixes, Instant now, Instant end) {
    var claims = new LinkedHashMap<String, Object>();
    claims.put("bucket", bucket);
    claims.put("actions", actions);
    var paths = new LinkedHashMap<String, Object>();
    paths.put("prefixPaths", prefixes);
    paths.put("objectPaths", List.of());
    claims.put("paths", paths);
    claims.put("sub", account.accountId());
    claims.put("iss", account.parentKeyId());
    claims.put("aud", account.audience());
    claims.put("iat", now.getEpochSecond());
    claims.put("exp", end.getEpochSecond());
    return claims;
  }

  private Key key(Map<String, Object> claims, byte[] secret) {
    String jwt = Jws.hs256(HEADER, Json.render(claims), secret);
    byte[] token = ("jwt/" + jwt).getBytes(StandardCharsets.US_ASCII);
    return new Key(
        account.parentKeyId(),
        HexFormat.of().formatHex(sha256(jwt.getBytes(StandardCharsets.US_ASCII))),
        Base64.getEncoder().encodeToString(token));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
