package io.vaultlayer.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StsJobCredentialsTest {
  private static final JobId JOB = JobId.make(1_767_225_600_000L, new byte[10]);
  private static final String LONGEST_BUCKET = "b".repeat(63);

  @Test
  void thePolicyAllowsWritingUnderTheEpochAndReadingUnderTheJobAndNothingElse() throws Exception {
    var statements = statements(issuer("artifacts").policy(JOB, 7));
    var arn = "arn:aws:s3:::artifacts";
    var job = arn + "/jobs/" + JOB;
    assertThat(statements).hasSize(3);
    assertThat(texts(statements.get(0).get("Action")))
        .containsExactly("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts");
    assertThat(texts(statements.get(0).get("Resource")))
        .containsExactly(
            job + "/checkpoints/e00000007/*",
            job + "/logs/e00000007/*",
            job + "/outputs/e00000007/*");
    assertThat(texts(statements.get(1).get("Action"))).containsExactly("s3:GetObject");
    assertThat(texts(statements.get(1).get("Resource"))).containsExactly(job + "/*");
    assertThat(texts(statements.get(2).get("Action"))).containsExactly("s3:ListBucket");
    assertThat(texts(statements.get(2).get("Resource"))).containsExactly(arn);
    assertThat(statements.get(2).at("/Condition/StringLike/s3:prefix").asText())
        .isEqualTo("jobs/" + JOB + "/*");
    for (var statement : statements) {
      assertThat(statement.get("Effect").asText()).isEqualTo("Allow");
    }
  }

  @Test
  void theLongestPolicyIsAccepted() {
    var policy = issuer(LONGEST_BUCKET).policy(JOB, 99_999_999);
    assertThat(policy.length()).isLessThanOrEqualTo(StsJobCredentials.MOST_POLICY);
  }

  @Test
  void credentialsAreIssuedForTheLifeAskedForAndHideTheirSecrets() throws Exception {
    var clients = Server.clients();
    var issued = issuer(clients, "artifacts").issue(JOB, 3, Duration.ofMinutes(15));
    assertThat(issued.accessKeyId()).isNotBlank();
    assertThat(issued.secretAccessKey()).isNotBlank();
    assertThat(issued.sessionToken()).isNotBlank();
    assertThat(issued.bucket()).isEqualTo("artifacts");
    assertThat(issued.region()).isEqualTo("us-east-1");
    assertThat(issued.prefix()).isEqualTo("jobs/" + JOB + "/");
    assertThat(issued.endpoint()).isEqualTo(clients.endpoints().s3().toString());
    assertThat(Duration.between(Instant.now(), issued.expiresAt()))
        .isBetween(Duration.ofMinutes(14), Duration.ofMinutes(16));
    assertThat(issued.toString())
        .doesNotContain(issued.secretAccessKey())
        .doesNotContain(issued.sessionToken());
  }

  @Test
  void livesAndEpochsOutsideTheLimitsAreRefused() {
    var issuer = issuer("artifacts");
    for (var wrong :
        List.of(
            JobCredentials.LEAST_LIFE.minusSeconds(1), JobCredentials.MOST_LIFE.plusSeconds(1))) {
      assertThatIllegalArgumentException().isThrownBy(() -> issuer.issue(JOB, 1, wrong));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> issuer.issue(JOB, 0, Duration.ofMinutes(15)));
  }

  private static StsJobCredentials issuer(String bucket) {
    return issuer(new Clients(Endpoints.aws("us-east-1")), bucket);
  }

  private static StsJobCredentials issuer(Clients clients, String bucket) {
    return new StsJobCredentials(
        clients.sts(), clients.endpoints(), bucket, "arn:aws:iam::123456789012:role/agent");
  }

  private static List<JsonNode> statements(String policy) throws Exception {
    var statements = new ArrayList<JsonNode>();
    new ObjectMapper().readTree(policy).get("Statement").forEach(statements::add);
    return statements;
  }

  private static List<String> texts(JsonNode node) {
    var texts = new ArrayList<String>();
    if (node.isArray()) {
      node.forEach(one -> texts.add(one.asText()));
    } else {
      texts.add(node.asText());
    }
    return texts;
  }
}
