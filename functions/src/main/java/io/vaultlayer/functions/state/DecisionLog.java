package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.wire.Json;
import java.util.LinkedHashMap;
import java.util.function.Consumer;

/**
 * One structured line per decision: job, epoch, state, event, edge or the reason for ignoring,
 * effects.
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
        line.put("effects", a.effects().stream().map(e -> e.getClass().getSimpleName()).toList());
      }
      case Decision.Recognised _ -> line.put("recognised", true);
      case Decision.Ignored i -> line.put("ignored", i.why().code());
    }
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
