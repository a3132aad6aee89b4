package io.vaultlayer.local.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vaultlayer.core.port.Queue;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.TemplateReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When schedules fire. */
class ScheduleTest {
  private static final String RULES =
      """
      Resources:
        Work: { Type: AWS::SQS::Queue }
        Policy:
          Type: AWS::SQS::QueuePolicy
          Properties:
            Queues: [!Ref Work]
            PolicyDocument:
              Statement: { Effect: Allow, Principal: "*", Action: sqs:SendMessage, Resource: "*" }
        Minute:
          Type: AWS::Events::Rule
          Properties:
            ScheduleExpression: rate(1 minute)
            Targets: [{ Id: a, Arn: !GetAtt Work.Arn, Input: '{"tick":1}' }]
        Noon:
          Type: AWS::Events::Rule
          Properties:
            ScheduleExpression: cron(0 12 * * ? *)
            Targets: [{ Id: a, Arn: !GetAtt Work.Arn, Input: '{"noon":1}' }]
      """;

  @TempDir Path directory;
  private volatile Instant now = Instant.parse("2026-03-01T11:00:30Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rate(1 minute) | 2026-01-01T00:01:00Z",
        "rate(5 minutes) | 2026-01-01T00:05:00Z",
        "rate(2 hours) | 2026-01-01T02:00:00Z",
        "rate(1 day) | 2026-01-02T00:00:00Z",
        "cron(0 10 * * ? *) | 2026-01-01T10:00:00Z",
        "cron(0/15 * * * ? *) | 2026-01-01T00:15:00Z",
        "cron(0 18 ? * MON-FRI *) | 2026-01-01T18:00:00Z",
        "cron(0 8 1 * ? *) | 2026-01-01T08:00:00Z",
        "cron(0 9 ? * 2#1 *) | 2026-01-05T09:00:00Z",
        "cron(0 9 L * ? *) | 2026-01-31T09:00:00Z",
        "cron(0 9 ? * 6L *) | 2026-01-30T09:00:00Z",
        "cron(0 0 1 1 ? 2027) | 2027-01-01T00:00:00Z",
      })
  void anExpressionNamesTheNextFiring(String text, String next) {
    assertThat(ScheduleExpression.parse(text).after(Instant.parse("2026-01-01T00:00:00Z")))
        .contains(Instant.parse(next));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 seconds)",
        "cron(0 10 * * * *)",
        "cron(0 10 * *)",
        "cron(61 10 * * ? *)",
        "every minute",
      })
  void whatIsNoScheduleIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> ScheduleExpression.parse(text));
  }

  @Test
  void aScheduleFiresOnTimeAndOnceAfterALongSleep() {
    var sent = new ArrayList<String>();
    var template =
        TemplateReader.parse(RULES, Map.of(), new LocalNames("http://a:1", "http://a:2"));
    try (var log = new PlaneLog(directory.resolve("log"), () -> now)) {
      Queue queue = (body, delay) -> sent.add(body);
      var deliveries = new Deliveries(template, url -> queue, log);
      var schedules = new Schedules(template, deliveries, () -> now, log);
      schedules.fireDue();
      assertThat(sent).as("a rate fires at the start").containsExactly("{\"tick\":1}");
      now = now.plusSeconds(30);
      schedules.fireDue();
      assertThat(sent).hasSize(1);
      now = now.plusSeconds(30);
      assertThat(schedules.fireDue()).isLessThanOrEqualTo(Duration.ofSeconds(60));
      assertThat(sent).hasSize(2);
      now = now.plus(Duration.ofDays(3));
      schedules.fireDue();
      assertThat(sent).as("one of each for three days").hasSize(4).endsWith("{\"noon\":1}");
      schedules.fireDue();
      assertThat(sent).hasSize(4);
    }
  }
}
