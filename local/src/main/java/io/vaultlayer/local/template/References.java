package io.vaultlayer.local.template;

import io.vaultlayer.local.PlaneRefused;
import java.util.HashMap;
import java.util.HashSet;

/** Whether what the resources say of each other fits: a dangling name stops the start. */
final class References {
  private References() {}

  static void check(Template template) {
    var queues = new HashSet<String>();
    var queueNames = new HashSet<String>();
    template.queues().forEach(q -> queues.add(q.arn()));
    template.queues().forEach(q -> queueNames.add(q.name()));
    var buses = new HashSet<String>();
    buses.add("default");
    template.buses().forEach(b -> buses.add(b.name()));

    for (var queue : template.queues()) {
      queue
          .deadLetters()
          .filter(name -> !queueNames.contains(name))
          .ifPresent(name -> missing(queue.name(), "the dead-letter queue " + name));
    }
    for (var rule : template.rules()) {
      if (!buses.contains(rule.bus())) {
        missing(rule.name(), "the bus " + rule.bus());
      }
      for (var target : rule.targets()) {
        if (!queues.contains(target.queueArn())) {
          missing(rule.name(), "the target " + target.queueArn() + " (queues only)");
        }
      }
    }
    var readers = new HashMap<String, String>();
    var routes = new HashMap<String, String>();
    for (var function : template.functions()) {
      for (var mapping : function.mappings()) {
        if (!queues.contains(mapping.queueArn())) {
          missing(function.name(), "the queue " + mapping.queueArn());
        }
        var other = readers.putIfAbsent(mapping.queueArn(), function.name());
        if (other != null) {
          throw new PlaneRefused(
              "template",
              "starting the embedded plane: resource "
                  + function.name()
                  + ": "
                  + other
                  + " already reads "
                  + mapping.queueArn());
        }
      }
      for (var route : function.routes()) {
        var key = route.method() + " " + route.path();
        var other = routes.putIfAbsent(key, function.name());
        if (other != null) {
          throw new PlaneRefused(
              "template",
              "starting the embedded plane: resource "
                  + function.name()
                  + ": "
                  + other
                  + " already answers "
                  + key);
        }
      }
    }
  }

  private static void missing(String name, String what) {
    throw new PlaneRefused(
        "template", "starting the embedded plane: resource " + name + ": no such thing: " + what);
  }
}
