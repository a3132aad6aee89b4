package io.vaultlayer.local.queue;

import io.vaultlayer.local.function.FunctionHost;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/**
 * Feeds one function from one queue as the event source mapping does on AWS: long polls, one
 * invocation for each batch, deletes what did not fail; the rest comes back after the queue's
 * visibility timeout and ends in its dead-letter queue.
 */
public final class QueuePoller implements AutoCloseable {
  private static final int WAIT_SECONDS = 20;
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

  /** Most batches in flight at a time where the template does not bound the function. */
  private static final int MOST_BATCHES = 4;

  private final Template.Function function;
  private final Template.Mapping mapping;
  private final Template.Queue queue;
  private final SqsClient client;
  private final FunctionHost host;
  private final InstantSource clock;
  private final PlaneLog log;
  private final int most;
  private final Semaphore free;
  private final Thread thread;
  private volatile boolean stopping;

  public QueuePoller(
      Template.Function function,
      Template.Mapping mapping,
      Template.Queue queue,
      SqsClient client,
      FunctionHost host,
      InstantSource clock,
      PlaneLog log) {
    this.function = function;
    this.mapping = mapping;
    this.queue = queue;
    this.client = client;
    this.host = host;
    this.clock = clock;
    this.log = log;
    this.most =
        function.concurrency() > 0 ? Math.min(function.concurrency(), MOST_BATCHES) : MOST_BATCHES;
    this.free = new Semaphore(most);
    this.thread = Thread.ofVirtual().name("poll-" + queue.name()).unstarted(this::poll);
  }

  public void start() {
    thread.start();
  }

  private void poll() {
    while (!stopping) {
      try {
        free.acquire();
        boolean handed = false;
        try {
          var messages = receive();
          if (!messages.isEmpty()) {
            handed = true;
            Thread.ofVirtual().name("batch-" + queue.name()).start(() -> deliver(messages));
          }
        } finally {
          if (!handed) {
            free.release();
          }
        }
      } catch (InterruptedException e) {
        return;
      } catch (SdkException e) {
        if (stopping) {
          return;
        }
        log.warn("poll", Map.of("queue", queue.name(), "failed", String.valueOf(e.getMessage())));
        if (!pause()) {
          return;
        }
      }
    }
  }

  private static boolean pause() {
    try {
      Thread.sleep(AFTER_FAILURE);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private List<Message> receive() {
    return client
        .receiveMessage(r ->
            r.queueUrl(queue.url())
                .maxNumberOfMessages(mapping.batchSize())
                .waitTimeSeconds(WAIT_SECONDS)
                .messageSystemAttributeNames(MessageSystemAttributeName.ALL))
        .messages();
  }

  private void deliver(List<Message> received) {
    try {
      var fresh = new ArrayList<Message>();
      var finished = new ArrayList<Message>();
      var oldest = clock.instant().minus(queue.retention());
      for (var message : received) {
        (sentAt(message).isBefore(oldest) ? finished : fresh).add(message);
      }
      if (!finished.isEmpty()) {
        log.info("expired", Map.of("queue", queue.name(), "messages", finished.size()));
      }
      if (!fresh.isEmpty()) {
        var failed = invoke(fresh);
        fresh.stream().filter(m -> !failed.contains(m.messageId())).forEach(finished::add);
      }
      delete(finished);
    } catch (SdkException e) {
      log.warn("poll", Map.of("queue", queue.name(), "failed", String.valueOf(e.getMessage())));
    } finally {
      free.release();
    }
  }

  /** Ids of the messages that must come back. */
  private LinkedHashSet<String> invoke(List<Message> messages) {
    var failed = new LinkedHashSet<String>();
    messages.forEach(m -> failed.add(m.messageId()));
    Map<String, Object> answer;
    try {
      answer = host.invoke(function.name(), event(messages));
    } catch (FunctionHost.Crashed e) {
      return failed;
    }
    failed.clear();
    if (mapping.partial()
        && answer != null
        && answer.get("batchItemFailures") instanceof List<?> failures) {
      for (var one : failures) {
        if (one instanceof Map<?, ?> item) {
          failed.add(String.valueOf(item.get("itemIdentifier")));
        }
      }
    }
    return failed;
  }

  private Map<String, Object> event(List<Message> messages) {
    var records = new ArrayList<Object>();
    for (var message : messages) {
      var record = new LinkedHashMap<String, Object>();
      record.put("messageId", message.messageId());
      record.put("receiptHandle", message.receiptHandle());
      record.put("body", message.body());
      record.put("attributes", new LinkedHashMap<String, Object>(message.attributesAsStrings()));
      record.put("messageAttributes", new LinkedHashMap<String, Object>());
      record.put("md5OfBody", message.md5OfBody());
      record.put("eventSource", "aws:sqs");
      record.put("eventSourceARN", queue.arn());
      record.put("awsRegion", LocalNames.REGION);
      records.add(record);
    }
    var event = new LinkedHashMap<String, Object>();
    event.put("Records", records);
    return event;
  }

  private void delete(List<Message> messages) {
    if (messages.isEmpty()) {
      return;
    }
    client.deleteMessageBatch(r ->
        r.queueUrl(queue.url())
            .entries(
                messages.stream()
                    .map(m ->
                        DeleteMessageBatchRequestEntry.builder()
                            .id(Integer.toString(messages.indexOf(m)))
                            .receiptHandle(m.receiptHandle())
                            .build())
                    .toList()));
  }

  private Instant sentAt(Message message) {
    var sent = message.attributesAsStrings().get("SentTimestamp");
    return sent == null ? clock.instant() : Instant.ofEpochMilli(Long.parseLong(sent));
  }

  /** Takes no more messages. */
  @Override
  public void close() {
    stopping = true;
    thread.interrupt();
  }

  /** Waits for the batches in flight; false when some were still running. */
  public boolean drain(Duration most) throws InterruptedException {
    return free.tryAcquire(this.most, most.toMillis(), TimeUnit.MILLISECONDS);
  }
}
