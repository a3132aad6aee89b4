package io.vaultlayer.local.plane;

import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.local.home.Claimed;
import io.vaultlayer.local.home.Home;
import io.vaultlayer.local.log.PlaneLog;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/** A whole plane in this process, on a small template of one function. */
final class TestPlane implements AutoCloseable {
  static final String TEMPLATE =
      """
      Resources:
        Rows:
          Type: AWS::DynamoDB::Table
          Properties: &table
            AttributeDefinitions:
              - { AttributeName: pk, AttributeType: S }
              - { AttributeName: sk, AttributeType: S }
            KeySchema:
              - { AttributeName: pk, KeyType: HASH }
              - { AttributeName: sk, KeyType: RANGE }
        Secrets:
          Type: AWS::DynamoDB::Table
          Properties: *table
        Objects: { Type: AWS::S3::Bucket }
        Bus: { Type: AWS::Events::EventBus, Properties: { Name: vaultlayer } }
        Work:
          Type: AWS::SQS::Queue
          Properties:
            VisibilityTimeout: 1
            RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 }
        Dead: { Type: AWS::SQS::Queue }
        RulesMaySend:
          Type: AWS::SQS::QueuePolicy
          Properties:
            Queues: [!Ref Work]
            PolicyDocument:
              Statement:
                { Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: sqs:SendMessage, Resource: !GetAtt Work.Arn }
        Rule:
          Type: AWS::Events::Rule
          Properties:
            EventBusName: !Ref Bus
            EventPattern: { source: [vaultlayer], detail-type: [Something] }
            Targets: [{ Id: work, Arn: !GetAtt Work.Arn }]
        Api:
          Type: AWS::Serverless::HttpApi
          Properties: { Auth: { EnableIamAuthorizer: true } }
        Echo:
          Type: AWS::Serverless::Function
          Properties:
            Handler: io.vaultlayer.local.plane.EchoFunction
            Timeout: 2
            Environment:
              Variables: { WORK_URL: !Ref Work, BUS: !Ref Bus }
            Events:
              Open: { Type: HttpApi, Properties: { Method: GET, Path: /open, Auth: { Authorizer: NONE } } }
              Post: { Type: HttpApi, Properties: { Method: POST, Path: "/things/{id}/{part}", Auth: { Authorizer: AWS_IAM } } }
              Exact: { Type: HttpApi, Properties: { Method: POST, Path: "/things/{id}/start", Auth: { Authorizer: AWS_IAM } } }
              Fail: { Type: HttpApi, Properties: { Method: GET, Path: /fail } }
              Denied: { Type: HttpApi, Properties: { Method: GET, Path: /denied } }
              Missing: { Type: HttpApi, Properties: { Method: GET, Path: /missing } }
              Slow: { Type: HttpApi, Properties: { Method: GET, Path: /slow } }
              Remaining: { Type: HttpApi, Properties: { Method: GET, Path: /remaining } }
              Send: { Type: HttpApi, Properties: { Method: POST, Path: /send } }
              Publish: { Type: HttpApi, Properties: { Method: POST, Path: /publish } }
              Seen: { Type: HttpApi, Properties: { Method: GET, Path: /seen } }
              Put: { Type: HttpApi, Properties: { Method: PUT, Path: "/rows/{id}" } }
              Get: { Type: HttpApi, Properties: { Method: GET, Path: "/rows/{id}" } }
              Work:
                Type: SQS
                Properties: { Queue: !GetAtt Work.Arn, BatchSize: 10, FunctionResponseTypes: [ReportBatchItemFailures] }
            Policies:
              - Statement:
                  - { Effect: Allow, Action: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], Resource: !GetAtt Rows.Arn }
                  - { Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Work.Arn }
                  - { Effect: Allow, Action: events:PutEvents, Resource: !GetAtt Bus.Arn }
      """;

  final Plane plane;
  final Home home;
  private final HttpClient http = HttpClient.newHttpClient();

  TestPlane(Path directory) throws IOException {
    this(directory, TEMPLATE);
  }

  TestPlane(Path directory, String template) throws IOException {
    home = new Home(directory.resolve("home"));
    var file = Files.writeString(directory.resolve("template.yaml"), template);
    var claimed = Claimed.take(home, Map.of(), entropy()).orElseThrow();
    var clock = InstantSource.system();
    plane =
        Plane.start(
            claimed,
            new Plane.Plan(file, Map.of(), c -> List.of(), "test", clock, entropy()),
            new PlaneLog(home.log(), clock));
  }

  static Entropy entropy() {
    var random = new SecureRandom();
    return count -> {
      var bytes = new byte[count];
      random.nextBytes(bytes);
      return bytes;
    };
  }

  /** Sends a request; {@code token} may be empty. */
  HttpResponse<String> call(String method, String path, String body, String token)
      throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create(plane.status().endpoint() + path))
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> call(String method, String path, String body) throws Exception {
    return call(method, path, body, plane.token());
  }

  String log() throws IOException {
    return Files.readString(home.log());
  }

  @Override
  public void close() {
    http.close();
    plane.close();
  }
}
