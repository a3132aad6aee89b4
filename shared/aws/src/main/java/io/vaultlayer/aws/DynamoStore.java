package io.vaultlayer.aws;

import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.services.dynamodb.model.TransactionConflictException;

/**
 * Rows in DynamoDB; how they lie there says {@link Row}. One row is a PutItem or DeleteItem, more
 * are one TransactWriteItems. Where the caller expects anything, the row is first taken as new, and
 * a refusal shows its version: most such rows are new, and no read is spent on them. Every put is
 * conditional, so the SDK's own repeats are safe; after a lost answer such a repeat is refused by
 * the caller's own row, which the caller recognises by its effect. (A transaction's repeat carries
 * a token and is answered as the first was.)
 */
public final class DynamoStore implements Store {
  private static final String INDEX = "due";
  private static final String FAILED = "ConditionalCheckFailed";

  /** Other people's transactions on the same rows last milliseconds. */
  private static final int TRIES = 8;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(15);

  private final DynamoDbClient client;
  private final Consumer<Duration> pause;

  /**
   * @param pause waits between two tries of a write that met another transaction
   */
  public DynamoStore(DynamoDbClient client, Consumer<Duration> pause) {
    this.client = client;
    this.pause = pause;
  }

  @Override
  public Optional<Item> get(String table, Key key) {
    try {
      var answer =
          client.getItem(
              request -> request.tableName(table).key(Row.key(key)).consistentRead(true));
      return answer.hasItem() ? Optional.of(Row.decode(answer.item())) : Optional.empty();
    } catch (SdkException failure) {
      throw Failures.store("reading a row of " + table, failure);
    }
  }

  @Override
  public WriteResult write(List<Write> writes) {
    Write.check(writes);
    // Versions of the rows of which the caller expects anything: taken as new until told otherwise.
    var known = new long[writes.size()];
    for (int attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 1) {
        pause.accept(FIRST_PAUSE.multipliedBy(1L << (attempt - 2)));
      }
      var result = tryOnce(writes, known);
      if (result.isPresent()) {
        return result.get();
      }
    }
    throw new StoreUnavailable(
        "writing to " + writes.getFirst().table() + ": other writers held the rows each time",
        null);
  }

  /**
   * Empty when the same write may be tried again: with what was learned, or past another writer.
   */
  private Optional<WriteResult> tryOnce(List<Write> writes, long[] known) {
    var conditions = new ArrayList<Condition>();
    for (int i = 0; i < writes.size(); i++) {
      conditions.add(Condition.of(writes.get(i), known[i]));
    }
    try {
      if (writes.size() == 1) {
        writeOne(writes.getFirst(), conditions.getFirst());
      } else {
        var items = new ArrayList<TransactWriteItem>();
        for (int i = 0; i < writes.size(); i++) {
          items.add(inTransaction(writes.get(i), conditions.get(i)));
        }
        client.transactWriteItems(request -> request.transactItems(items));
      }
      return Optional.of(new WriteResult.Applied());
    } catch (ConditionalCheckFailedException failed) {
      return refusal(conditions, known, 0, decode(failed.hasItem(), failed.item()));
    } catch (TransactionConflictException met) {
      return Optional.empty();
    } catch (TransactionCanceledException cancelled) {
      return refusal(conditions, known, cancelled);
    } catch (SdkException failure) {
      throw Failures.store("writing to " + writes.getFirst().table(), failure);
    }
  }

  private static Optional<WriteResult> refusal(
      List<Condition> conditions, long[] known, TransactionCanceledException cancelled) {
    var reasons = cancelled.cancellationReasons();
    boolean mayRepeat = !reasons.isEmpty();
    for (int i = 0; i < reasons.size(); i++) {
      var reason = reasons.get(i);
      if (FAILED.equals(reason.code())) {
        var refusal = refusal(conditions, known, i, decode(reason.hasItem(), reason.item()));
        if (refusal.isPresent()) {
          return refusal;
        }
      }
      mayRepeat &= isPassing(reason);
    }
    if (mayRepeat) {
      return Optional.empty();
    }
    throw Failures.store("writing a transaction", cancelled);
  }

  /** A failed condition of ours teaches the row's version; one of the caller's is the answer. */
  private static Optional<WriteResult> refusal(
      List<Condition> conditions, long[] known, int index, Optional<Item> current) {
    if (!conditions.get(index).ours()) {
      return Optional.of(new WriteResult.Refused(index, current));
    }
    known[index] = current.map(Item::version).orElse(0L);
    return Optional.empty();
  }

  private static boolean isPassing(CancellationReason reason) {
    return switch (String.valueOf(reason.code())) {
      case "None", "null", FAILED, "TransactionConflict" -> true;
      case "ThrottlingError", "ProvisionedThroughputExceeded" -> true;
      default -> false;
    };
  }

  private static Optional<Item> decode(boolean present, Map<String, AttributeValue> row) {
    return present && !row.isEmpty() ? Optional.of(Row.decode(row)) : Optional.empty();
  }

  /**
   * @param ours true where the caller expects anything: the condition is then only there to count
   *     the version on, and its failure teaches the version
   * @param next the version that a put gives the row
   */
  private record Condition(
      Optional<String> expression, Map<String, AttributeValue> values, long next, boolean ours) {
    static Condition of(Write write, long known) {
      return switch (write.expect()) {
        case Expect.Absent() -> absent(0, false);
        case Expect.AbsentAfter(long number) -> absent(number, false);
        case Expect.Version(long number) -> version(number, false);
        case Expect.Anything() ->
            switch (write) {
              case Write.Delete delete -> new Condition(Optional.empty(), Map.of(), 0, true);
              case Write.Put put -> known == 0 ? absent(0, true) : version(known, true);
            };
      };
    }

    static Condition absent(long last, boolean ours) {
      return new Condition(Optional.of("attribute_not_exists(pk)"), Map.of(), last + 1, ours);
    }

    static Condition version(long number, boolean ours) {
      return new Condition(
          Optional.of("#version = :version"),
          Map.of(":version", Row.number(number)),
          number + 1,
          ours);
    }

    Map<String, String> names() {
      return values.isEmpty() ? null : Map.of("#version", Row.VERSION);
    }

    Map<String, AttributeValue> valuesOrNull() {
      return values.isEmpty() ? null : values;
    }
  }

  private void writeOne(Write write, Condition condition) {
    switch (write) {
      case Write.Put put ->
          client.putItem(request ->
              request
                  .tableName(put.table())
                  .item(Row.encode(put, condition.next()))
                  .conditionExpression(condition.expression().orElse(null))
                  .expressionAttributeNames(condition.names())
                  .expressionAttributeValues(condition.valuesOrNull())
                  .returnValuesOnConditionCheckFailure(
                      ReturnValuesOnConditionCheckFailure.ALL_OLD));
      case Write.Delete delete ->
          client.deleteItem(request ->
              request
                  .tableName(delete.table())
                  .key(Row.key(delete.key()))
                  .conditionExpression(condition.expression().orElse(null))
                  .expressionAttributeNames(condition.names())
                  .expressionAttributeValues(condition.valuesOrNull())
                  .returnValuesOnConditionCheckFailure(
                      ReturnValuesOnConditionCheckFailure.ALL_OLD));
    }
  }

  private static TransactWriteItem inTransaction(Write write, Condition condition) {
    return switch (write) {
      case Write.Put put ->
          TransactWriteItem.builder()
              .put(request ->
                  request
                      .tableName(put.table())
                      .item(Row.encode(put, condition.next()))
                      .conditionExpression(condition.expression().orElse(null))
                      .expressionAttributeNames(condition.names())
                      .expressionAttributeValues(condition.valuesOrNull())
                      .returnValuesOnConditionCheckFailure(
                          ReturnValuesOnConditionCheckFailure.ALL_OLD))
              .build();
      case Write.Delete delete ->
          TransactWriteItem.builder()
              .delete(request ->
                  request
                      .tableName(delete.table())
                      .key(Row.key(delete.key()))
                      .conditionExpression(condition.expression().orElse(null))
                      .expressionAttributeNames(condition.names())
                      .expressionAttributeValues(condition.valuesOrNull())
                      .returnValuesOnConditionCheckFailure(
                          ReturnValuesOnConditionCheckFailure.ALL_OLD))
              .build();
    };
  }

  @Override
  public Page query(
      String table,
      String partition,
      String sortPrefix,
      boolean descending,
      int limit,
      Optional<String> from) {
    checkLimit(limit);
    var values = new HashMap<String, AttributeValue>();
    values.put(":pk", Row.text(partition));
    if (!sortPrefix.isEmpty()) {
      values.put(":prefix", Row.text(sortPrefix));
    }
    var condition = "pk = :pk" + (sortPrefix.isEmpty() ? "" : " AND begins_with(sk, :prefix)");
    try {
      var answer =
          client.query(request ->
              request
                  .tableName(table)
                  .keyConditionExpression(condition)
                  .expressionAttributeValues(values)
                  .scanIndexForward(!descending)
                  .consistentRead(true)
                  .limit(limit)
                  .exclusiveStartKey(Cursor.parse(from)));
      return page(answer.items(), answer.hasLastEvaluatedKey(), answer.lastEvaluatedKey());
    } catch (SdkException failure) {
      throw Failures.store("querying " + table, failure);
    }
  }

  @Override
  public Page due(
      String table, String duePartition, Instant notAfter, int limit, Optional<String> from) {
    checkLimit(limit);
    try {
      var answer =
          client.query(request ->
              request
                  .tableName(table)
                  .indexName(INDEX)
                  .keyConditionExpression("duePartition = :partition AND dueAt <= :at")
                  .expressionAttributeValues(
                      Map.of(
                          ":partition",
                          Row.text(duePartition),
                          ":at",
                          Row.text(Row.time(notAfter))))
                  .limit(limit)
                  .exclusiveStartKey(Cursor.parse(from)));
      return page(answer.items(), answer.hasLastEvaluatedKey(), answer.lastEvaluatedKey());
    } catch (SdkException failure) {
      throw Failures.store("querying what is due in " + table, failure);
    }
  }

  @Override
  public Page scan(String table, int segment, int segments, int limit, Optional<String> from) {
    checkLimit(limit);
    if (segments < 1 || segment < 0 || segment >= segments) {
      throw new IllegalArgumentException("segment " + segment + " of " + segments);
    }
    try {
      var answer =
          client.scan(request ->
              request
                  .tableName(table)
                  .segment(segment)
                  .totalSegments(segments)
                  .limit(limit)
                  .exclusiveStartKey(Cursor.parse(from)));
      return page(answer.items(), answer.hasLastEvaluatedKey(), answer.lastEvaluatedKey());
    } catch (SdkException failure) {
      throw Failures.store("scanning " + table, failure);
    }
  }

  private static Page page(
      List<Map<String, AttributeValue>> rows, boolean more, Map<String, AttributeValue> last) {
    return new Page(
        rows.stream().map(Row::decode).toList(),
        more && !last.isEmpty() ? Optional.of(Cursor.of(last)) : Optional.empty());
  }

  private static void checkLimit(int limit) {
    if (limit < 1 || limit > MOST_ROWS) {
      throw new IllegalArgumentException("1 to " + MOST_ROWS + " rows in a page, not " + limit);
    }
  }
}
