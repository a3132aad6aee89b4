package io.vaultlayer.local.bus;

import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.local.function.Permissions;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Sends to a rule's targets, where the target queue's own policy lets rules in. A delivery that
 * fails is logged and lost, as any hint may be.
 */
public final class Deliveries {
  private static final String RULES = "Service:events.amazonaws.com";

  private final Map<String, Template.Queue> queues = new HashMap<>();
  private final Function<String, Queue> sender;
  private final PlaneLog log;

  /**
   * @param sender a queue by its URL
   */
  public Deliveries(Template template, Function<String, Queue> sender, PlaneLog log) {
    template.queues().forEach(q -> queues.put(q.arn(), q));
    this.sender = sender;
    this.log = log;
  }

  void send(Template.Rule rule, String body) {
    for (var target : rule.targets()) {
      var queue = queues.get(target.queueArn());
      var allowed =
          new Permissions(queue.policy())
              .allows(
                  RULES,
                  "sqs:SendMessage",
                  queue.arn(),
                  Map.of("aws:SourceAccount", LocalNames.ACCOUNT));
      if (!allowed) {
        log.warn(
            "delivery refused",
            Map.of("rule", rule.name(), "queue", queue.name(), "reason", "the queue's policy"));
        continue;
      }
      try {
        sender.apply(queue.url()).send(target.input().orElse(body), Duration.ZERO);
      } catch (TransportUnavailable e) {
        log.warn(
            "delivery lost",
            Map.of(
                "rule",
                rule.name(),
                "queue",
                queue.name(),
                "reason",
                String.valueOf(e.getMessage())));
      }
    }
  }
}
