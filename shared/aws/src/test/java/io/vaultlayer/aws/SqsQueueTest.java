package io.vaultlayer.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.testkit.suite.QueueSuite;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SqsQueueTest extends QueueSuite {
  private String url;

  @Override
  protected Queue queue() throws Exception {
    var sqs = Server.clients().sqs();
    url = sqs.createQueue(request -> request.queueName(Server.freshName("queue"))).queueUrl();
    return new SqsQueue(sqs, url);
  }

  @Override
  protected List<String> receive() throws Exception {
    return SqsQueueTest.receive(url);
  }

  static List<String> receive(String url) throws Exception {
    var sqs = Server.clients().sqs();
    var got = new ArrayList<String>();
    var messages =
        sqs.receiveMessage(
                request -> request.queueUrl(url).maxNumberOfMessages(10).waitTimeSeconds(0))
            .messages();
    for (var message : messages) {
      got.add(message.body());
      sqs.deleteMessage(request -> request.queueUrl(url).receiptHandle(message.receiptHandle()));
    }
    return got;
  }

  @Override
  protected void pass(Duration time) throws Exception {
    Thread.sleep(time);
  }

  @Test
  void aQueueThatIsNotThereIsNoAnswer() throws Exception {
    var queue = new SqsQueue(Server.clients().sqs(), url + "-never");
    assertThatExceptionOfType(TransportUnavailable.class)
        .isThrownBy(() -> queue.send("{\"secret\":\"s3cr3t\"}", Duration.ZERO))
        .satisfies(failure -> {
          assertThat(failure.getMessage()).contains("answered 400").doesNotContain("s3cr3t");
          assertThat(failure.getCause()).isNull();
        });
  }
}
