package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Fields;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What we mean to have at a provider; what is there, only its list says.
 *
 * @param dueAt the sweep looks at it then; absent once it is confirmed gone
 * @param tries of terminate so far
 */
public record InstanceRow(
    String label,
    JobId job,
    int epoch,
    int launch,
    String provider,
    State state,
    double usdPerHour,
    Instant intendedAt,
    Optional<Instant> goneAt,
    Optional<Instant> dueAt,
    int tries,
    String why) {

  /** Life of an instance as we record it. */
  public enum State {
    /** Create was or will be called; whether it made something is not known. */
    INTENDED,
    LIVE,
    TERMINATING,
    /** A complete list of its provider no longer shows it. */
    GONE
  }

  public InstanceRow moved(State next, Optional<Instant> due, String reason) {
    return new InstanceRow(
        label,
        job,
        epoch,
        launch,
        provider,
        next,
        usdPerHour,
        intendedAt,
        goneAt,
        due,
        next == state ? tries + 1 : 0,
        reason);
  }

  public InstanceRow gone(Instant at, String reason) {
    return new InstanceRow(
        label,
        job,
        epoch,
        launch,
        provider,
        State.GONE,
        usdPerHour,
        intendedAt,
        Optional.of(at),
        Optional.empty(),
        tries,
        reason);
  }

  Map<String, Object> attributes() {
    return Fields.fresh()
        .put("job", job.value())
        .put("epoch", (long) epoch)
        .put("n", (long) launch)
        .put("provider", provider)
        .put("state", state.name())
        .put("usd", usdPerHour)
        .put("at", intendedAt.toString())
        .put("gone", goneAt)
        .put("due", dueAt)
        .put("tries", (long) tries)
        .put("why", why)
        .map();
  }

  static InstanceRow parse(String label, Map<String, Object> attributes) {
    var f = Fields.of(attributes);
    return new InstanceRow(
        label,
        new JobId(f.text("job")),
        f.integer("epoch"),
        f.integer("n"),
        f.text("provider"),
        State.valueOf(f.text("state")),
        f.decimal("usd"),
        f.time("at"),
        f.maybeTime("gone"),
        f.maybeTime("due"),
        f.integer("tries"),
        f.text("why"));
  }
}
