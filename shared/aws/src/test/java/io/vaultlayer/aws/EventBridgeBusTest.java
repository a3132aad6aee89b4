package io.vaultlayer.aws;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.testkit.fake.MemoryBus.Published;
import io.vaultlayer.testkit.suite.BusSuite;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.eventbridge.model.Target;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** A rule like the template's sends what was published on to a queue, where the test reads it. */
class EventBridgeBusTest extends BusSuite {
  private String queueUrl;

  @Override
  protected Bus bus() throws Exception {
    var clients = Server.clients();
    var name = Server.freshName("bus");
    var sqs = clients.sqs();
    queueUrl = sqs.createQueue(request -> request.queueName(name)).queueUrl();
    var arn =
        sqs.getQueueAttributes(
                request -> request.queueUrl(queueUrl).attributeNames(QueueAttributeName.QUEUE_ARN))
            .attributes()
            .get(QueueAttributeName.QUEUE_ARN);
    var events = clients.events();
    events.createEventBus(request -> request.name(name));
    events.putRule(request ->
        request
            .name(name)
            .eventBusName(name)
            .eventPattern("{\"source\":[\"vaultlayer\"],\"detail-type\":[\"JobSubmitted\"]}"));
    var target = Target.builder().id("queue").arn(arn).build();
    events.putTargets(request -> request.rule(name).eventBusName(name).targets(List.of(target)));
    return new EventBridgeBus(events, name);
  }

  @Override
  protected List<Published> delivered() throws Exception {
    var json = new ObjectMapper();
    var published = new ArrayList<Published>();
    for (var body : SqsQueueTest.receive(queueUrl)) {
      var event = json.readTree(body);
      published.add(
          new Published(event.get("detail-type").asText(), event.get("detail").toString()));
    }
    return published;
  }
}
