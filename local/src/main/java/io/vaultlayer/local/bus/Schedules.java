package io.vaultlayer.local.bus;

import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.template.LocalNames;
import io.vaultlayer.local.template.Template;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Fires the rules that have a schedule. After a sleep of the machine each fires at most once for
 * all that it missed. A rate fires once when the plane starts: a plane that was killed owes its
 * sweeps a look.
 */
public final class Schedules implements AutoCloseable {
  /** The wall clock is looked at this often, so that a suspended machine is noticed soon. */
  private static final Duration LONGEST_NAP = Duration.ofSeconds(20);

  private final List<Entry> entries = new ArrayList<>();
  private final Deliveries deliveries;
  private final InstantSource clock;
  private final PlaneLog log;
  private final Thread thread = Thread.ofVirtual().name("schedules").unstarted(this::run);

  private static final class Entry {
    final Template.Rule rule;
    final ScheduleExpression expression;
    Instant next;

    Entry(Template.Rule rule, ScheduleExpression expression, Instant next) {
      this.rule = rule;
      this.expression = expression;
      this.next = next;
    }
  }

  /**
   * @throws PlaneRefused naming the rule whose schedule is none
   */
  public Schedules(Template template, Deliveries deliveries, InstantSource clock, PlaneLog log) {
    this.deliveries = deliveries;
    this.clock = clock;
    this.log = log;
    var now = clock.instant();
    for (var rule : template.rules()) {
      rule.schedule().ifPresent(text -> entries.add(entry(rule, text, now)));
    }
  }

  private static Entry entry(Template.Rule rule, String text, Instant now) {
    try {
      var expression = ScheduleExpression.parse(text);
      var first =
          switch (expression) {
            case ScheduleExpression.Rate rate -> now;
            case ScheduleExpression.Calendar calendar -> calendar.after(now).orElse(Instant.MAX);
          };
      return new Entry(rule, expression, first);
    } catch (IllegalArgumentException e) {
      throw new PlaneRefused(
          "template",
          "starting the embedded plane: resource "
              + rule.name()
              + ": ScheduleExpression: "
              + e.getMessage(),
          e);
    }
  }

  public void start() {
    thread.start();
  }

  private void run() {
    try {
      while (!entries.isEmpty()) {
        Thread.sleep(fireDue());
      }
    } catch (InterruptedException e) {
      // The plane stops.
    }
  }

  /** Fires what is due and says how long nothing else is. */
  Duration fireDue() {
    var now = clock.instant();
    var nap = LONGEST_NAP;
    for (var entry : entries) {
      if (!entry.next.isAfter(now)) {
        fire(entry.rule, now);
        entry.next = entry.expression.after(now).orElse(Instant.MAX);
      }
      var left = entry.next.equals(Instant.MAX) ? LONGEST_NAP : Duration.between(now, entry.next);
      nap = left.compareTo(nap) < 0 ? left : nap;
    }
    return nap.compareTo(Duration.ofMillis(10)) < 0 ? Duration.ofMillis(10) : nap;
  }

  private void fire(Template.Rule rule, Instant now) {
    try {
      deliveries.send(rule, envelope(rule, now));
    } catch (RuntimeException e) {
      log.error("schedule", Map.of("rule", rule.name()), e);
    }
  }

  private static String envelope(Template.Rule rule, Instant now) {
    var event = new LinkedHashMap<String, Object>();
    event.put("version", "0");
    event.put("id", UUID.randomUUID().toString());
    event.put("detail-type", "Scheduled Event");
    event.put("source", "aws.events");
    event.put("account", LocalNames.ACCOUNT);
    event.put("time", now.truncatedTo(ChronoUnit.SECONDS).toString());
    event.put("region", LocalNames.REGION);
    event.put("resources", List.of("rule/" + rule.name()));
    event.put("detail", Map.of());
    return Json.render(event);
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
