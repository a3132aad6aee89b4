package io.vaultlayer.local.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.aws.SqsQueue;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.local.FreePort;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.template.Template;
import io.vaultlayer.testkit.suite.QueueSuite;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.PurgeQueueRequest;

/** The local queue server, through the adapter for SQS, passes the suite of every queue. */
class LocalQueueTest extends QueueSuite {
  private static QueueServer server;
  private static int port;

  @BeforeAll
  static void start() {
    port = FreePort.any();
    server = QueueServer.start(port, List.of(queue("Work")));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Template.Queue queue(String name) {
    return new Template.Queue(
        name,
        "arn:" + name,
        "http://127.0.0.1:" + port + "/000000000000/" + name,
        Duration.ofSeconds(30),
        Duration.ZERO,
        Duration.ofDays(4),
        Optional.empty(),
        0,
        List.of());
  }

  @Override
  protected Queue queue() {
    server.client().purgeQueue(PurgeQueueRequest.builder().queueUrl(queue("Work").url()).build());
    return new SqsQueue(server.client(), queue("Work").url());
  }

  @Override
  protected List<String> receive() {
    var url = queue("Work").url();
    var got =
        server.client().receiveMessage(r -> r.queueUrl(url).maxNumberOfMessages(10)).messages();
    got.forEach(
        m -> server.client().deleteMessage(r -> r.queueUrl(url).receiptHandle(m.receiptHandle())));
    return got.stream().map(Message::body).toList();
  }

  @Override
  protected void pass(Duration time) throws Exception {
    Thread.sleep(time);
  }

  @Test
  void aTakenPortIsSaid() {
    assertThatThrownBy(() -> QueueServer.start(port, List.of()))
        .isInstanceOf(PlaneRefused.class)
        .hasMessageContaining(Integer.toString(port));
    assertThat(server.endpoint().getPort()).isEqualTo(port);
  }
}
