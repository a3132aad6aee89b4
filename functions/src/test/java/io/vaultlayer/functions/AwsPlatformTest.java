package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.micronaut.context.ApplicationContext;
import io.vaultlayer.aws.DynamoStore;
import io.vaultlayer.aws.EventBridgeBus;
import io.vaultlayer.aws.R2JobCredentials;
import io.vaultlayer.aws.S3Bucket;
import io.vaultlayer.aws.SqsQueue;
import io.vaultlayer.aws.StsJobCredentials;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AwsPlatformTest {
  private final AwsPlatform platform =
      new AwsPlatform(
          Map.of(
              "AWS_REGION", "eu-west-1",
              "BUCKET", "artifacts",
              "BUS", "vaultlayer",
              "TICK_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/tick",
              "AGENT_ROLE", "arn:aws:iam::1:role/agent",
              "EMPTY", " "));

  @Test
  void onLambdaTheContextGivesThisPlatform() {
    try (var context = ApplicationContext.run()) {
      assertThat(context.getBean(Platform.class)).isInstanceOf(AwsPlatform.class);
    }
  }

  @Test
  void everyPartStandsOnAws() {
    assertThat(platform.store()).isInstanceOf(DynamoStore.class);
    assertThat(platform.queue("TICK_QUEUE_URL")).isInstanceOf(SqsQueue.class);
    assertThat(platform.bus("BUS")).isInstanceOf(EventBridgeBus.class);
    assertThat(platform.bucket("BUCKET")).isInstanceOf(S3Bucket.class);
    assertThat(platform.credentials("BUCKET", "AGENT_ROLE")).isInstanceOf(StsJobCredentials.class);
    assertThat(platform.providers()).isEmpty();
  }

  @Test
  void whereTheBucketIsOnR2TheIssuerSignsItselfAndEachMissingPartIsNamed() {
    var all =
        Map.of(
            "AWS_REGION", "eu-west-1",
            "BUCKET", "artifacts",
            "R2_ENDPOINT", "https://0123456789abcdef.r2.cloudflarestorage.com",
            "R2_ACCOUNT_ID", "0123456789abcdef",
            "R2_PARENT_KEY_ID", "fedcba9876543210",
            "R2_PARENT_SECRET", "vaultlayer/r2-parent");
    assertThat(new AwsPlatform(all).credentials("BUCKET", "AGENT_ROLE"))
        .isInstanceOf(R2JobCredentials.class);
    for (var name : new String[] {"R2_ACCOUNT_ID", "R2_PARENT_KEY_ID", "R2_PARENT_SECRET"}) {
      var without = new HashMap<>(all);
      without.remove(name);
      assertThatExceptionOfType(Platform.MissingVariable.class)
          .isThrownBy(() -> new AwsPlatform(without).credentials("BUCKET", "AGENT_ROLE"))
          .withMessageContaining(name);
    }
    var off = new HashMap<>(all);
    off.put("R2_ENDPOINT", " ");
    off.put("AGENT_ROLE", "arn:aws:iam::1:role/agent");
    assertThat(new AwsPlatform(off).credentials("BUCKET", "AGENT_ROLE"))
        .isInstanceOf(StsJobCredentials.class);
  }

  @Test
  void aVariableThatTheTemplateDoesNotGiveIsNamed() {
    for (var missing : new String[] {"LEASES_TABLE", "EMPTY"}) {
      assertThatExceptionOfType(Platform.MissingVariable.class)
          .isThrownBy(() -> platform.variable(missing))
          .withMessageContaining(missing);
    }
    assertThatExceptionOfType(Platform.MissingVariable.class)
        .isThrownBy(() -> platform.queue("REAP_QUEUE_URL"))
        .withMessageContaining("REAP_QUEUE_URL");
    assertThatExceptionOfType(Platform.MissingVariable.class)
        .isThrownBy(() -> new AwsPlatform(Map.of()).store())
        .withMessageContaining("AWS_REGION");
  }

  @Test
  void randomBytesAreFreshAndBounded() {
    assertThat(platform.entropy().bytes(16)).hasSize(16).isNotEqualTo(platform.entropy().bytes(16));
    assertThatIllegalArgumentException().isThrownBy(() -> platform.entropy().bytes(65));
  }
}
