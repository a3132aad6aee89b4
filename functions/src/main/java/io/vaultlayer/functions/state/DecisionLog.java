package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.Effect;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.JournalEntry;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.wire.Json;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One structured line per decision: job, epoch, state, event, edge or the reason for ignoring,
 * effects. The fields' names are stable (docs/explain.md). What is accepted is told once it is
 * written. Callers put no secret in.
 */
public final class DecisionLog {
  private final Consumer<String> sink;

  public DecisionLog(Consumer<String> sink) {
    this.sink = sink;
  }

  /** Writes to standard output, where Lambda and the embedded plane collect it. */
  public static DecisionLog standard() {
    return new DecisionLog(System.out::println);
  }

  /** Where the lines go; metrics go there too. */
  Consumer<String> sink() {
    return sink;
  }

  void decided(Lease before, JobEvent event, Decision decision) {
    if (event instanceof JobEvent.Heartbeat
        && decision instanceof Decision.Accepted a
        && a.edge() == io.vaultlayer.core.job.Edge.BEAT) {
      return;
    }
    var line = new LinkedHashMap<String, Object>();
    line.put("job", before.job().value());
    line.put("epoch", before.epoch());
    line.put("sequence", before.sequence());
    line.put("state", before.state().wireName());
    line.put("event", event.getClass().getSimpleName());
    switch (decision) {
      case Decision.Accepted a -> {
        line.put("edge", a.edge().name());
        line.put("next", a.next().state().wireName());
        reason(a.next()).ifPresent(why -> line.put("reason", why));
        line.put("effects", a.effects().stream().map(Effect::told).toList());
      }
      case Decision.Recognised _ -> line.put("recognised", true);
      case Decision.Ignored i -> line.put("ignored", i.why().code());
    }
    sink.accept(Json.render(line));
  }

  private static Optional<String> reason(Lease next) {
    return next.journal().stream()
        .filter(e -> e.sequence() == next.sequence())
        .map(JournalEntry::reason)
        .findFirst();
  }

  /** Why nothing is done, at the bounded rate at which it is stored. */
  void verdict(String about, NoteRow note) {
    var line = new LinkedHashMap<String, Object>();
    line.put("verdict", note.code());
    line.put("about", about);
    note.epoch().ifPresent(epoch -> line.put("epoch", epoch));
    line.put("reason", note.text());
    line.put("since", note.first().toString());
    line.put("count", note.count());
    sink.accept(Json.render(line));
  }

  /** A line about something that is no decision of the job machine. */
  public void note(String what, String about, String detail) {
    var line = new LinkedHashMap<String, Object>();
    line.put("note", what);
    line.put("about", about);
    line.put("detail", detail);
    sink.accept(Json.render(line));
  }
}
