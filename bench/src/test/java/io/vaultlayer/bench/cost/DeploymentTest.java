package io.vaultlayer.bench.cost;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the bench's figures of the deployment to the template. */
class DeploymentTest {
  private static String template() throws IOException {
    return Files.readString(Path.of(System.getProperty("vaultlayer.root"), "template.yaml"));
  }

  private static long count(String pattern) throws IOException {
    return Pattern.compile(pattern, Pattern.MULTILINE).matcher(template()).results().count();
  }

  private static String function(String name) throws IOException {
    var from = template().indexOf("\n  " + name + ":");
    assertThat(from).as(name).isPositive();
    return template().substring(from, template().indexOf("Environment:", from));
  }

  @Test
  void theMemoryOfTheFunctionsIsTheTemplates() throws IOException {
    assertThat(count("^    MemorySize: " + Deployment.OTHER_MIB + "$")).isEqualTo(1);
    for (var small : new String[] {"AgentFunction", "CommitFunction", "ReaperFunction"}) {
      assertThat(function(small)).contains("MemorySize: " + Deployment.SMALL_MIB);
    }
    assertThat(count("MemorySize:")).isEqualTo(1 + 3);
  }

  @Test
  void noLineIsWrittenForAnInvocationAndExtrasAreOff() throws IOException {
    assertThat(template())
        .contains("SystemLogLevel: WARN")
        .contains("LogGroupClass: !If [WithExtras, STANDARD, INFREQUENT_ACCESS]")
        .containsPattern("Extras:\\s+Type: String\\s+Default: \"off\"");
    assertThat(count("SSEEnabled: !If \\[WithExtras, true, false\\]")).isEqualTo(Deployment.TABLES);
    assertThat(template())
        .doesNotContain("AWS::CloudWatch::Alarm", "AWS::SecretsManager", "AWS::KMS");
  }

  @Test
  void tablesQueuesAndTickAreTheTemplates() throws IOException {
    assertThat(count("Type: AWS::DynamoDB::Table$")).isEqualTo(Deployment.TABLES);
    assertThat(count("^          Type: SQS$")).isEqualTo(Deployment.QUEUES);
    assertThat(count("^            BatchSize: " + Deployment.BATCH + "$")).isEqualTo(2);
    assertThat(template())
        .containsPattern("TickSeconds:\\s+Type: Number\\s+Default: " + Deployment.TICK_SECONDS);
    assertThat(template()).contains("rate(1 minute)", "rate(5 minutes)");
  }
}
