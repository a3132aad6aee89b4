package io.vaultlayer.local.plane;

/** The template of the plane's own tests: one function that does what it is asked. */
public final class PlaneTemplates {
  private PlaneTemplates() {}

  public static final String SMALL =
      """
      Parameters:
        TickSeconds: { Type: Number, Default: 10 }
        ParkSeconds: { Type: Number, Default: 30 }
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
}
