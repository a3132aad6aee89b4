package io.vaultlayer.local.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import io.vaultlayer.local.template.TemplateReader;
import io.vaultlayer.testkit.fake.MemoryBus.Published;
import io.vaultlayer.testkit.suite.BusSuite;
import io.vaultlayer.wire.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The local bus passes the suite of every bus, and routes as the template's rules say. */
class LocalBusTest extends BusSuite {
  private static final String RULES =
      """
      Resources:
        Bus: { Type: AWS::Events::EventBus, Properties: { Name: vaultlayer } }
        All: { Type: AWS::SQS::Queue }
        Some: { Type: AWS::SQS::Queue }
        Closed: { Type: AWS::SQS::Queue }
        Policy:
          Type: AWS::SQS::QueuePolicy
          Properties:
            Queues: [!Ref All, !Ref Some]
            PolicyDocument:
              Statement:
                - Effect: Allow
                  Principal: { Service: events.amazonaws.com }
                  Action: sqs:SendMessage
                  Resource: [!GetAtt All.Arn, !GetAtt Some.Arn]
                  Condition: { StringEquals: { "aws:SourceAccount": !Ref "AWS::AccountId" } }
        Everything:
          Type: AWS::Events::Rule
          Properties:
            EventBusName: !Ref Bus
            EventPattern: { source: [vaultlayer] }
            Targets: [{ Id: a, Arn: !GetAtt All.Arn }]
        Particular:
          Type: AWS::Events::Rule
          Properties:
            EventBusName: !Ref Bus
            EventPattern: { detail-type: [ResumeRequested], detail: { job: [{ prefix: job_ }] } }
            Targets:
              - { Id: a, Arn: !GetAtt Some.Arn, Input: '{"fixed":true}' }
              - { Id: b, Arn: !GetAtt Closed.Arn }
      """;

  @TempDir Path directory;
  private final Map<String, List<String>> sent = new HashMap<>();
  private boolean broken;

  private static Template template() {
    return TemplateReader.parse(RULES, Map.of(), new LocalNames("http://a:1", "http://a:2"));
  }

  @Override
  protected Bus bus() {
    var log = new PlaneLog(directory.resolve("log"), Instant::now);
    var deliveries =
        new Deliveries(
            template(),
            url ->
                (body, delay) -> {
                  if (broken) {
                    throw new TransportUnavailable("no answer", null);
                  }
                  sent.computeIfAbsent(
                          url.substring(url.lastIndexOf('/') + 1), u -> new ArrayList<>())
                      .add(body);
                },
            log);
    return new LocalBus(
        "vaultlayer", template(), deliveries, () -> Instant.parse("2026-01-02T03:04:05.678Z"));
  }

  @Override
  protected List<Published> delivered() {
    return sent.getOrDefault("All", List.of()).stream()
        .map(body -> {
          var event = Json.tree(body);
          return new Published(event.get("detail-type").asText(), event.get("detail").toString());
        })
        .toList();
  }

  @Test
  void theEnvelopeIsEventBridges() {
    bus().publish("JobSubmitted", "{\"job\":\"job_1\"}");
    var event = Json.tree(sent.get("All").getFirst());
    assertThat(event.get("version").asText()).isEqualTo("0");
    assertThat(event.get("id").asText()).hasSize(36);
    assertThat(event.get("source").asText()).isEqualTo("vaultlayer");
    assertThat(event.get("account").asText()).isEqualTo(LocalNames.ACCOUNT);
    assertThat(event.get("time").asText()).isEqualTo("2026-01-02T03:04:05Z");
    assertThat(event.get("region").asText()).isEqualTo(LocalNames.REGION);
    assertThat(event.get("resources").isArray()).isTrue();
  }

  @Test
  void onlyMatchingRulesSendAndAnInputReplacesTheEvent() {
    var bus = bus();
    bus.publish("ResumeRequested", "{\"job\":\"other\"}");
    assertThat(sent).doesNotContainKey("Some");
    bus.publish("ResumeRequested", "{\"job\":\"job_1\"}");
    assertThat(sent.get("Some")).containsExactly("{\"fixed\":true}");
    assertThat(sent.get("All")).hasSize(2);
  }

  @Test
  void aQueueWhosePolicyDoesNotLetRulesInGetsNothingAndTheLogSaysSo() throws Exception {
    bus().publish("ResumeRequested", "{\"job\":\"job_1\"}");
    assertThat(sent).doesNotContainKey("Closed");
    assertThat(Files.readString(directory.resolve("log")))
        .contains("delivery refused")
        .contains("Closed");
  }

  @Test
  void aDeliveryThatFailsIsLostWithoutHarm() {
    broken = true;
    bus().publish("JobSubmitted", "{}");
    assertThat(sent).isEmpty();
  }

  @Test
  void aPatternThatIsNoneStopsTheStartByName() {
    var wrong =
        TemplateReader.parse(
            RULES.replace("{ source: [vaultlayer] }", "{ source: vaultlayer }"),
            Map.of(),
            new LocalNames("http://a:1", "http://a:2"));
    assertThatThrownBy(() -> new LocalBus("vaultlayer", wrong, null, Instant::now))
        .hasMessageContaining("Everything")
        .hasMessageContaining("EventPattern");
  }
}
