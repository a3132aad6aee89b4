package io.vaultlayer.core.reap;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.LaunchRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What we mean to have at a provider under one label; what is there, only its list says.
 *
 * @param intendedAt when the create call was decided on, or when the reaper found the instance
 * @param visibleAt a list asked for before then may not show it yet: its absence means nothing
 * @param billedFrom what is paid from here on is not booked yet
 * @param copies instances under this label beyond the one that is meant, as last seen
 * @param dueAt the sweep looks at it then; absent once it is confirmed gone
 * @param tries looks in a row that did not settle anything; the pause grows with them
 * @param why the reason of the last move, for people
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
    Instant visibleAt,
    Instant billedFrom,
    int copies,
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

  public InstanceRow {
    if (state != State.GONE && dueAt.isEmpty()) {
      throw new IllegalArgumentException(
          "INV-6: an instance not confirmed gone has a time at which the sweep looks at it");
    }
  }

  /**
   * The item that is stored with the intent.
   *
   * @param visibleAt the call's own time limit and the provider's window after it
   */
  public static InstanceRow intended(
      JobId job, LaunchRecord launch, Instant now, Instant visibleAt) {
    return new InstanceRow(
        launch.label(),
        job,
        launch.epoch(),
        launch.number(),
        launch.provider(),
        State.INTENDED,
        launch.usdPerHour(),
        now,
        visibleAt,
        now,
        0,
        Optional.empty(),
        Optional.of(now.plus(Reaper.AWAITED)),
        0,
        "intended");
  }

  /** The create call was answered; its instance may be missing from lists until then. */
  public InstanceRow launched(Instant now, Instant visible) {
    return with(State.LIVE, Optional.of(now.plus(Reaper.OWNED)), 0, "launched", visible, copies);
  }

  /** Nobody waits for it any more: the reaper makes sure of it now. */
  public InstanceRow abandoned(Instant now, String reason) {
    return with(State.TERMINATING, Optional.of(now), 0, reason, visibleAt, copies);
  }

  /** The provider refused and made nothing: its next complete list settles it. */
  public InstanceRow refused(Instant now, String reason) {
    return with(State.TERMINATING, Optional.of(now), 0, reason, now, copies);
  }

  InstanceRow moved(State next, Instant due, int nextTries, int nextCopies, Reason reason) {
    return with(next, Optional.of(due), nextTries, reason.code(), visibleAt, nextCopies);
  }

  InstanceRow gone(Instant at, Reason reason) {
    return new InstanceRow(
        label,
        job,
        epoch,
        launch,
        provider,
        State.GONE,
        usdPerHour,
        intendedAt,
        visibleAt,
        at,
        0,
        Optional.of(at),
        Optional.empty(),
        0,
        reason.code());
  }

  /** What one instance under this label costs from the last booking until then, in USD. */
  double usdUntil(Instant then) {
    return usdPerHour * Math.max(0, Duration.between(billedFrom, then).toMillis()) / 3_600_000.0;
  }

  private InstanceRow with(
      State next,
      Optional<Instant> due,
      int nextTries,
      String reason,
      Instant visible,
      int nextCopies) {
    return new InstanceRow(
        label,
        job,
        epoch,
        launch,
        provider,
        next,
        usdPerHour,
        intendedAt,
        visible,
        billedFrom,
        nextCopies,
        goneAt,
        due,
        nextTries,
        reason);
  }

  public Map<String, Object> attributes() {
    return Fields.fresh()
        .put("job", job.value())
        .put("epoch", (long) epoch)
        .put("n", (long) launch)
        .put("provider", provider)
        .put("state", state.name())
        .put("usd", usdPerHour)
        .put("at", intendedAt.toString())
        .put("visible", visibleAt.toString())
        .put("billed", billedFrom.toString())
        .put("copies", (long) copies)
        .put("gone", goneAt)
        .put("due", dueAt)
        .put("tries", (long) tries)
        .put("why", why)
        .map();
  }

  public static InstanceRow parse(String label, Map<String, Object> attributes) {
    var f = Fields.of(attributes);
    var at = f.time("at");
    return new InstanceRow(
        label,
        new JobId(f.text("job")),
        f.integer("epoch"),
        f.integer("n"),
        f.text("provider"),
        State.valueOf(f.text("state")),
        f.decimal("usd"),
        at,
        f.maybeTime("visible").orElse(at),
        f.maybeTime("billed").orElse(at),
        f.maybeInteger("copies").orElse(0),
        f.maybeTime("gone"),
        f.maybeTime("due"),
        f.integer("tries"),
        f.text("why"));
  }
}
