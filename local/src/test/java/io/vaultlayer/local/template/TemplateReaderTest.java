package io.vaultlayer.local.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.local.PlaneRefused;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the reader makes of a template, and what it refuses by name. */
class TemplateReaderTest {
  private static final LocalNames NAMES =
      new LocalNames("http://127.0.0.1:4100", "http://127.0.0.1:4102");

  private static final String SMALL =
      """
      Parameters:
        Pace: { Type: Number, Default: 10, MinValue: 1, MaxValue: 30 }
        Shiny: { Type: String, Default: "no" }
      Conditions:
        IsShiny: !Equals [!Ref Shiny, "yes"]
      Globals:
        Function: { Timeout: 25, Environment: { Variables: { EVERYWHERE: "1" } } }
      Resources:
        Rows:
          Type: AWS::DynamoDB::Table
          Properties:
            AttributeDefinitions:
              - { AttributeName: pk, AttributeType: S }
              - { AttributeName: sk, AttributeType: S }
            KeySchema:
              - { AttributeName: pk, KeyType: HASH }
              - { AttributeName: sk, KeyType: RANGE }
            BillingMode: PAY_PER_REQUEST
        Work:
          Type: AWS::SQS::Queue
          Properties:
            VisibilityTimeout: 7
            RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }
        Dead: { Type: AWS::SQS::Queue }
        Extra: { Type: AWS::SQS::Queue, Condition: IsShiny }
        Api:
          Type: AWS::Serverless::HttpApi
          Properties: { Auth: { EnableIamAuthorizer: true } }
        Fun:
          Type: AWS::Serverless::Function
          Properties:
            Handler: some.Handler
            Environment:
              Variables:
                ROWS: !Ref Rows
                PACE: !Ref Pace
                WORK_URL: !Ref Work
                ENDPOINT: !Sub "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
                MODE: !If [IsShiny, shiny, plain]
            Events:
              Show: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: GET, Path: "/v1/things/{id}", Auth: { Authorizer: AWS_IAM } } }
              Work: { Type: SQS, Properties: { Queue: !GetAtt Work.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures] } }
            Policies:
              - Version: "2012-10-17"
                Statement:
                  - { Effect: Allow, Action: "dynamodb:GetItem", Resource: !GetAtt Rows.Arn }
      """;

  @Test
  void theRealTemplateIsHonouredWhole() {
    var file = Path.of(System.getProperty("vaultlayer.root"), "template.yaml");
    var template = TemplateReader.read(file, Map.of("TickSeconds", "2"), NAMES);
    assertThat(template.tables())
        .extracting(Template.Table::name)
        .contains("Leases", "Ended", "Jobs", "Instances");
    assertThat(template.functions())
        .allSatisfy(f -> assertThat(f.handler()).startsWith("io.vaultlayer.functions."))
        .anySatisfy(f -> assertThat(f.environment()).containsEntry("TICK_SECONDS", "2"))
        .anySatisfy(
            f -> assertThat(f.environment()).containsEntry("ENDPOINT", "http://127.0.0.1:4100"));
    assertThat(template.buckets())
        .singleElement()
        .satisfies(b -> assertThat(b.policy()).isNotEmpty());
  }

  @Test
  void everyReferenceIsResolvedToTheNameItHasHere() {
    var template = TemplateReader.parse(SMALL, Map.of("Pace", "2"), NAMES);
    var function = template.functions().getFirst();
    assertThat(function.environment())
        .containsEntry("ROWS", "Rows")
        .containsEntry("PACE", "2")
        .containsEntry("WORK_URL", "http://127.0.0.1:4102/000000000000/Work")
        .containsEntry("ENDPOINT", "http://127.0.0.1:4100")
        .containsEntry("MODE", "plain")
        .containsEntry("EVERYWHERE", "1");
    assertThat(function.timeout()).isEqualTo(Duration.ofSeconds(25));
    assertThat(function.routes())
        .containsExactly(new Template.Route("Show", "GET", "/v1/things/{id}", true));
    assertThat(function.mappings().getFirst().queueArn())
        .isEqualTo(template.queues().getFirst().arn());
    assertThat(function.statements().getFirst().resources())
        .containsExactly(template.tables().getFirst().arn());
    var work = template.queues().getFirst();
    assertThat(work.visibility()).isEqualTo(Duration.ofSeconds(7));
    assertThat(work.deadLetters()).contains("Dead");
    assertThat(work.maxReceives()).isEqualTo(3);
  }

  @Test
  void aResourceIsThereOnlyWhileItsConditionHolds() {
    assertThat(TemplateReader.parse(SMALL, Map.of(), NAMES).queues()).hasSize(2);
    assertThat(TemplateReader.parse(SMALL, Map.of("Shiny", "yes"), NAMES).queues()).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "AWS::SQS::Queue, Condition: IsShiny | AWS::SNS::Topic | Extra (AWS::SNS::Topic)",
        "Type: SQS, Properties | Type: Kinesis, Properties | Fun.Work",
        "Type: SQS, Properties | Type: Kinesis, Properties | the event type Kinesis",
        "VisibilityTimeout: 7 | FifoQueue: true | Work (AWS::SQS::Queue): the property FifoQueue",
        "Handler: some.Handler | Layers: [x] | the property Layers",
        "!If [IsShiny, shiny, plain] | !ImportValue other | !ImportValue",
        "!Ref Rows | !Ref Nothing | no such parameter or resource",
        "!GetAtt Dead.Arn | !GetAtt Dead.Colour | Dead.Colour",
        "Method: GET | Method: POTS | the Method POTS",
        "AWS_IAM } } | LAMBDA } } | the Authorizer LAMBDA",
        "Action: \"dynamodb:GetItem\" | Action: \"dynamodb:GetItem\", Condition: { IpAddress: { aws:SourceIp: 1 } } | the condition IpAddress on aws:SourceIp",
        "BillingMode: PAY_PER_REQUEST | StreamSpecification: {} | Rows (AWS::DynamoDB::Table): the property StreamSpecification",
        "AttributeName: sk, KeyType: RANGE | AttributeName: id, KeyType: RANGE | KeySchema",
        "Default: 10 | Default: 31 | Pace",
        "Parameters: | Mappings: {}\\nParameters: | the property Mappings",
        "EnableIamAuthorizer: true | EnableIamAuthorizer: false | EnableIamAuthorizer",
        "maxReceiveCount: 3 | maxReceiveCount: 0 | RedrivePolicy.maxReceiveCount",
        "Queue: !GetAtt Work.Arn | Queue: arn:elsewhere | arn:elsewhere",
      })
  void whatIsNotHonouredIsRefusedByName(String there, String instead, String named) {
    var changed = SMALL.replace(there, instead.replace("\\n", "\n"));
    assertThat(changed).isNotEqualTo(SMALL);
    assertThatThrownBy(() -> TemplateReader.parse(changed, Map.of(), NAMES))
        .isInstanceOf(PlaneRefused.class)
        .hasMessageContaining(named);
  }

  @Test
  void aParameterThatTheTemplateLacksIsRefused() {
    assertThatThrownBy(() -> TemplateReader.parse(SMALL, Map.of("Speed", "1"), NAMES))
        .hasMessageContaining("no parameter Speed");
  }

  @Test
  void wildcardsOfStatementsMatchAsOnAws() {
    assertThat(Statement.matches("s3:*", "s3:GetObject")).isTrue();
    assertThat(Statement.matches("arn:x/jobs/*/workdir/*", "arn:x/jobs/j/workdir/a")).isTrue();
    assertThat(Statement.matches("arn:x/jobs/*/workdir/*", "arn:x/jobs/j/logs/a")).isFalse();
    assertThat(Statement.matches("a?c", "abc")).isTrue();
    assertThat(Statement.matches("a?c", "ac")).isFalse();
    assertThat(Statement.matches("", "")).isTrue();
    assertThat(Statement.matches("*", "")).isTrue();
  }
}
