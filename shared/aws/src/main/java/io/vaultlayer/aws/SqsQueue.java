package io.vaultlayer.aws;

import io.vaultlayer.core.port.Queue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;

/** One standard queue of SQS, or of a server that speaks its protocol. */
public final class SqsQueue implements Queue {
  private static final int MOST_BYTES = 64 * 1024;

  private final SqsClient client;
  private final String url;

  public SqsQueue(SqsClient client, String url) {
    this.client = client;
    this.url = url;
  }

  @Override
  public void send(String body, Duration delay) {
    if (body.isEmpty() || body.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
      throw new IllegalArgumentException("a message has 1 to " + MOST_BYTES + " bytes");
    }
    if (delay.isNegative() || delay.compareTo(MOST_DELAY) > 0 || delay.getNano() != 0) {
      throw new IllegalArgumentException(
          "a delay is 0 to " + MOST_DELAY.toSeconds() + " whole seconds, not " + delay);
    }
    try {
      client.sendMessage(
          request -> request.queueUrl(url).messageBody(body).delaySeconds((int) delay.toSeconds()));
    } catch (SdkException failure) {
      throw Failures.transport("sending to queue " + url, failure);
    }
  }
}
