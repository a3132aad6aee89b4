package io.vaultlayer.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class R2JobCredentialsTest {
  private static final Path VECTORS = Path.of("src", "test", "resources", "r2");
  private static final JobId JOB = JobId.make(1_767_225_600_000L, new byte[10]);
  private static final String SECRET = "5ec2e7".repeat(10);
  private static final R2Account ACCOUNT =
      new R2Account(
          URI.create("https://acc0unt12.r2.cloudflarestorage.com"), "acc0unt12", "parentkey1");
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:00.750Z");

  /** RFC 7515, appendix A.1: the published example of HS256. */
  @Test
  void signsAsTheStandardsExampleDoes() {
    byte[] key =
        Base64.getUrlDecoder()
            .decode(
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    String header = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
    String payload =
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    assertThat(Jws.hs256(header, payload, key))
        .isEqualTo(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
                + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
                + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  }

  @Test
  void mintsWhatAnotherImplementationMints() throws Exception {
    JsonNode cases = new ObjectMapper().readTree(VECTORS.resolve("vectors.json").toFile());
    assertThat(cases).hasSize(2);
    for (JsonNode one : cases) {
      var account =
          new R2Account(
              URI.create(one.get("endpoint").asText()),
              one.get("account").asText(),
              one.get("parentKeyId").asText());
      var issued =
          new R2JobCredentials(
                  account,
                  () -> one.get("parentSecret").asText(),
                  InstantSource.fixed(Instant.ofEpochSecond(one.get("now").asLong())),
                  one.get("bucket").asText())
              .issue(
                  new JobId(one.get("job").asText()),
                  one.get("epoch").asInt(),
                  Duration.ofSeconds(one.get("lifeSeconds").asLong()));
      assertThat(write(issued)).isEqualTo(key(one.get("write")));
      assertThat(issued.read()).contains(key(one.get("read")));
      assertThat(issued.endpoint()).isEqualTo(one.get("endpoint").asText());
      assertThat(issued.region()).isEqualTo("auto");
    }
  }

  @Test
  void theVectorsAreWhatTheirScriptMakes() throws Exception {
    Process python;
    try {
      python =
          new ProcessBuilder("python3", VECTORS.resolve("vectors.py").toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
    } catch (IOException absent) {
      String reason = "no python3: the vectors for R2 were not made anew, only compared";
      System.err.println("SKIPPED: " + reason);
      assumeTrue(false, reason);
      return;
    }
    String made = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(python.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(python.exitValue()).isZero();
    assertThat(VECTORS.resolve("vectors.json")).hasContent(made);
  }

  @Test
  void oneKeyWritesUnderTheEpochAndTheOtherReadsUnderTheJobAndNeitherDeletes() throws Exception {
    var issued = issuer().issue(JOB, 7, Duration.ofMinutes(60));
    String job = "jobs/" + JOB + "/";
    JsonNode write = claims(issued.sessionToken());
    JsonNode read = claims(issued.read().orElseThrow().sessionToken());
    assertThat(texts(write.at("/paths/prefixPaths")))
        .containsExactly(
            job + "checkpoints/e00000007/", job + "logs/e00000007/", job + "outputs/e00000007/");
    assertThat(texts(read.at("/paths/prefixPaths"))).containsExactly(job);
    assertThat(texts(read.get("actions"))).containsExactly("GetObject", "HeadObject");
    assertThat(texts(write.get("actions")))
        .contains("PutObject", "UploadPart", "CompleteMultipartUpload")
        .noneMatch(action -> action.startsWith("Delete"))
        .noneMatch(action -> action.startsWith("List") && !action.equals("ListParts"))
        .doesNotContain("CopyObject");
    for (JsonNode claims : List.of(write, read)) {
      assertThat(claims.has("scope")).as("its words include deleting").isFalse();
      assertThat(claims.get("bucket").asText()).isEqualTo("artifacts");
      assertThat(claims.get("sub").asText()).isEqualTo("acc0unt12");
      assertThat(claims.get("iss").asText()).isEqualTo("parentkey1");
      assertThat(claims.get("aud").asText()).isEqualTo("acc0unt12.r2.cloudflarestorage.com");
      assertThat(claims.get("exp").asLong() - claims.get("iat").asLong()).isEqualTo(3600);
      assertThat(issued.expiresAt()).isEqualTo(Instant.ofEpochSecond(claims.get("exp").asLong()));
    }
  }

  @Test
  void theParentsSecretIsInNothingThatIsHandedOutOrSaid() {
    var issued = issuer().issue(JOB, 1, Duration.ofMinutes(15));
    var read = issued.read().orElseThrow();
    assertThat(
            List.of(
                issued.secretAccessKey(), read.secretAccessKey(), decoded(issued.sessionToken())))
        .noneMatch(text -> text.contains(SECRET));
    assertThat(issued.toString() + read + ACCOUNT)
        .doesNotContain(SECRET)
        .doesNotContain(issued.secretAccessKey())
        .doesNotContain(read.secretAccessKey())
        .doesNotContain(issued.sessionToken())
        .doesNotContain(read.sessionToken());
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new R2Account(URI.create("https://h/" + SECRET), "acc0unt12", "parentkey1"))
        .withMessageNotContaining(SECRET);
  }

  @Test
  void anEndpointThatIsNoneIsRefusedAndNotShown() {
    for (var wrong : List.of("not a url " + SECRET, SECRET, "https://" + SECRET + "@r2.example")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> R2Account.parse(wrong, "acc0unt12", "parentkey1"))
          .withMessageNotContaining(SECRET)
          .withNoCause();
    }
    assertThat(R2Account.parse(ACCOUNT.endpoint() + "\n", "acc0unt12", "parentkey1"))
        .isEqualTo(ACCOUNT);
  }

  @Test
  void livesEpochsAndAccountsOutsideTheLimitsAreRefused() {
    for (var wrong :
        List.of(
            JobCredentials.LEAST_LIFE.minusSeconds(1), JobCredentials.MOST_LIFE.plusSeconds(1))) {
      assertThatIllegalArgumentException().isThrownBy(() -> issuer().issue(JOB, 1, wrong));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> issuer().issue(JOB, 0, Duration.ofMinutes(15)));
    for (var endpoint :
        List.of("http://r2.example", "https://r2.example/bucket", "https://u:p@r2.example", "r2")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new R2Account(URI.create(endpoint), "acc0unt12", "parentkey1"));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new R2Account(ACCOUNT.endpoint(), "acc0unt12", "not an id"));
  }

  private static R2JobCredentials issuer() {
    return new R2JobCredentials(ACCOUNT, () -> SECRET, InstantSource.fixed(NOW), "artifacts");
  }

  private static JobCredentials.Key write(JobCredentials.Issued issued) {
    return new JobCredentials.Key(
        issued.accessKeyId(), issued.secretAccessKey(), issued.sessionToken());
  }

  private static JobCredentials.Key key(JsonNode node) {
    return new JobCredentials.Key(
        node.get("accessKeyId").asText(),
        node.get("secretAccessKey").asText(),
        node.get("sessionToken").asText());
  }

  private static JsonNode claims(String sessionToken) throws IOException {
    String token = decoded(sessionToken);
    assertThat(token).startsWith("jwt/");
    String payload = token.substring(4).split("\\.")[1];
    return new ObjectMapper().readTree(Base64.getUrlDecoder().decode(payload));
  }

  private static String decoded(String sessionToken) {
    return new String(Base64.getDecoder().decode(sessionToken), StandardCharsets.US_ASCII);
  }

  private static List<String> texts(JsonNode node) {
    var texts = new ArrayList<String>();
    node.forEach(one -> texts.add(one.asText()));
    return texts;
  }
}
