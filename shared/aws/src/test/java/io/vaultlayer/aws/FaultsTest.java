package io.vaultlayer.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the adapters make of servers that fail, refuse or lose answers. */
class FaultsTest {
  private static final Key KEY = Key.of("k");

  @Test
  void aStoreThatOnlyFailsIsUnavailableAfterAFewTries() throws Exception {
    try (var server =
        new Answering((exchange, _) -> Answering.answer(exchange, 500, "{\"__type\":\"Oops\"}"))) {
      var store = store(server);
      assertThatExceptionOfType(StoreUnavailable.class).isThrownBy(() -> store.get("t", KEY));
      assertThat(server.count()).isBetween(2, 5);
    }
  }

  @Test
  void noAnswerAtAllIsUnavailableToo() {
    try (var clients =
        new Clients(Endpoints.at(URI.create("http://127.0.0.1:9"), "us-east-1", "a", "b"))) {
      var store = new DynamoStore(clients.dynamo(), _ -> {});
      var queue = new SqsQueue(clients.sqs(), "http://127.0.0.1:9/q");
      var bucket = new S3Bucket(clients.s3(), clients.presigner(), "bucket");
      var bus = new EventBridgeBus(clients.events(), "bus");
      var issuer = new StsJobCredentials(clients.sts(), clients.endpoints(), "bucket", "role");
      var job = JobId.make(1, new byte[10]);
      assertThatExceptionOfType(StoreUnavailable.class).isThrownBy(() -> put(store, "s3cr3t"));
      assertThatExceptionOfType(TransportUnavailable.class)
          .isThrownBy(() -> queue.send("{}", Duration.ZERO));
      assertThatExceptionOfType(TransportUnavailable.class).isThrownBy(() -> bucket.head("k"));
      assertThatExceptionOfType(TransportUnavailable.class).isThrownBy(() -> bucket.read("k", 1));
      assertThatExceptionOfType(TransportUnavailable.class)
          .isThrownBy(() -> bucket.putIfAbsent("k", new byte[1]));
      assertThatExceptionOfType(TransportUnavailable.class)
          .isThrownBy(() -> bus.publish("T", "{}"));
      assertThatExceptionOfType(TransportUnavailable.class)
          .isThrownBy(() -> issuer.issue(job, 1, Duration.ofMinutes(15)));
    }
  }

  @Test
  void whatAServiceQuotesOfTheRequestReachesNoMessage() throws Exception {
    var quoting = "{\"__type\":\"com.amazon#ValidationException\",\"message\":\"bad: s3cr3t\"}";
    try (var server = new Answering((exchange, _) -> Answering.answer(exchange, 400, quoting))) {
      assertThatExceptionOfType(StoreUnavailable.class)
          .isThrownBy(() -> put(store(server), "s3cr3t"))
          .satisfies(failure -> {
            assertThat(failure.getMessage()).contains("400", "ValidationException");
            var trace = new java.io.StringWriter();
            failure.printStackTrace(new java.io.PrintWriter(trace));
            assertThat(trace.toString()).doesNotContain("s3cr3t");
          });
    }
  }

  @Test
  void aWriteWhoseAnswerWasLostIsRefusedByItsOwnRow() throws Exception {
    var clients = Server.clients();
    var target = clients.endpoints().override().orElseThrow();
    var table = Tables.create(clients.dynamo());
    try (var server =
        new Answering((exchange, number) -> Answering.pass(exchange, target, number > 1))) {
      var store = new DynamoStore(server.clients().dynamo(), _ -> {});
      var result = store.write(List.of(row(table, KEY, "mine")));
      assertThat(result)
          .isInstanceOfSatisfying(
              WriteResult.Refused.class,
              refused ->
                  assertThat(refused.current().map(Item::attributes))
                      .contains(Map.of("v", "mine")));
      assertThat(store.get(table, KEY).orElseThrow().version()).isEqualTo(1);
    }
  }

  @Test
  void aTransactionWhoseAnswerWasLostIsAppliedOnceWhateverTheAnswer() throws Exception {
    var clients = Server.clients();
    var target = clients.endpoints().override().orElseThrow();
    var table = Tables.create(clients.dynamo());
    try (var server =
        new Answering((exchange, number) -> Answering.pass(exchange, target, number > 1))) {
      var store = new DynamoStore(server.clients().dynamo(), _ -> {});
      store.write(List.of(row(table, KEY, "mine"), row(table, Key.of("k2"), "mine")));
      assertThat(store.get(table, KEY).orElseThrow().version()).isEqualTo(1);
      assertThat(store.get(table, Key.of("k2")).orElseThrow().version()).isEqualTo(1);
    }
  }

  @Test
  void anotherTransactionInTheWayIsMetWithPatience() throws Exception {
    var conflict = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionConflictException\"}";
    try (var server =
        new Answering((exchange, number) ->
            Answering.answer(exchange, number <= 3 ? 400 : 200, number <= 3 ? conflict : "{}"))) {
      assertThat(put(store(server), "x")).isInstanceOf(WriteResult.Applied.class);
      assertThat(server.count()).isEqualTo(4);
    }
  }

  @Test
  void aNewRowOfWhichAnythingIsExpectedCostsOneRequest() throws Exception {
    try (var server = new Answering((exchange, _) -> Answering.answer(exchange, 200, "{}"))) {
      var row = new Write.Put("t", KEY, Expect.anything(), Map.of(), Optional.empty());
      assertThat(store(server).write(List.of(row))).isInstanceOf(WriteResult.Applied.class);
      assertThat(server.count()).isEqualTo(1);
    }
  }

  @Test
  void patienceHasALimit() throws Exception {
    var cancelled =
        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionCanceledException\","
            + "\"CancellationReasons\":[{\"Code\":\"None\"},{\"Code\":\"TransactionConflict\"}]}";
    try (var server = new Answering((exchange, _) -> Answering.answer(exchange, 400, cancelled))) {
      var store = store(server);
      assertThatExceptionOfType(StoreUnavailable.class)
          .isThrownBy(() -> store.write(List.of(row("t", KEY, "x"), row("t", Key.of("l"), "x"))));
      assertThat(server.count()).isLessThan(30);
    }
  }

  @Test
  void aFailedConditionBesideAConflictIsARefusal() throws Exception {
    var cancelled =
        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionCanceledException\","
            + "\"CancellationReasons\":[{\"Code\":\"TransactionConflict\"},"
            + "{\"Code\":\"ConditionalCheckFailed\"}]}";
    try (var server = new Answering((exchange, _) -> Answering.answer(exchange, 400, cancelled))) {
      var result = store(server).write(List.of(row("t", KEY, "x"), row("t", Key.of("l"), "x")));
      assertThat(result).isEqualTo(new WriteResult.Refused(1, Optional.empty()));
    }
  }

  @Test
  void anEventThatTheBusRefusesIsAFailureThoughItAnswers200() throws Exception {
    var refused =
        "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"InternalFailure\","
            + "\"ErrorMessage\":\"s3cr3t\"}]}";
    try (var server = new Answering((exchange, _) -> Answering.answer(exchange, 200, refused))) {
      var bus = new EventBridgeBus(server.clients().events(), "bus");
      assertThatExceptionOfType(TransportUnavailable.class)
          .isThrownBy(() -> bus.publish("JobSubmitted", "{}"))
          .withMessageContaining("InternalFailure")
          .withMessageNotContaining("s3cr3t");
    }
  }

  @Test
  void aRaceAtTheBucketIsAskedAgain() throws Exception {
    try (var server =
        new Answering(
            (exchange, number) -> Answering.answer(exchange, number == 1 ? 409 : 412, ""))) {
      var clients = server.clients();
      var bucket = new S3Bucket(clients.s3(), clients.presigner(), "bucket");
      assertThat(bucket.putIfAbsent("k", new byte[1])).isFalse();
      assertThat(server.count()).isEqualTo(2);
    }
  }

  @Test
  void anObjectThatMayNotBeReadIsNoAbsentObject() throws Exception {
    try (var server = new Answering((exchange, _) -> Answering.answer(exchange, 403, ""))) {
      var clients = server.clients();
      var bucket = new S3Bucket(clients.s3(), clients.presigner(), "bucket");
      assertThatExceptionOfType(TransportUnavailable.class).isThrownBy(() -> bucket.head("k"));
      assertThatExceptionOfType(TransportUnavailable.class).isThrownBy(() -> bucket.read("k", 9));
    }
  }

  private static DynamoStore store(Answering server) {
    return new DynamoStore(server.clients().dynamo(), _ -> {});
  }

  private static WriteResult put(DynamoStore store, String value) {
    return store.write(List.of(row("t", KEY, value)));
  }

  private static Write row(String table, Key key, String value) {
    return new Write.Put(table, key, Expect.absent(), Map.of("v", value), Optional.empty());
  }
}
