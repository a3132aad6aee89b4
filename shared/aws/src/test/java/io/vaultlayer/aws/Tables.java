package io.vaultlayer.aws;

import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.GlobalSecondaryIndex;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.Projection;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/** Tables as template.yaml makes them. */
final class Tables {
  private Tables() {}

  static String create(DynamoDbClient dynamo) {
    var name = Server.freshName("rows");
    var definitions = new ArrayList<AttributeDefinition>();
    for (var attribute : List.of("pk", "sk", "duePartition", "dueAt")) {
      definitions.add(
          AttributeDefinition.builder()
              .attributeName(attribute)
              .attributeType(ScalarAttributeType.S)
              .build());
    }
    var index =
        GlobalSecondaryIndex.builder()
            .indexName("due")
            .keySchema(keys("duePartition", "dueAt"))
            .projection(Projection.builder().projectionType(ProjectionType.ALL).build())
            .build();
    dynamo.createTable(request ->
        request
            .tableName(name)
            .billingMode(BillingMode.PAY_PER_REQUEST)
            .attributeDefinitions(definitions)
            .keySchema(keys("pk", "sk"))
            .globalSecondaryIndexes(List.of(index)));
    dynamo.waiter().waitUntilTableExists(request -> request.tableName(name));
    return name;
  }

  private static List<KeySchemaElement> keys(String hash, String range) {
    return List.of(
        KeySchemaElement.builder().attributeName(hash).keyType(KeyType.HASH).build(),
        KeySchemaElement.builder().attributeName(range).keyType(KeyType.RANGE).build());
  }
}
