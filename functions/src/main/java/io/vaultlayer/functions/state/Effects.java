package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.Effect;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Performs what follows from a written decision. Every effect is a hint: when one is lost, or this
 * process dies between two, the sweep finds the work from the state. A failed effect therefore
 * never fails the decision.
 */
public final class Effects {
  private final Platform platform;
  private final Leases leases;
  private final DecisionLog log;

  public Effects(Platform platform, Leases leases, DecisionLog log) {
    this.platform = platform;
    this.leases = leases;
    this.log = log;
  }

  public void perform(Leases.Result result) {
    if (result instanceof Leases.Result.Done done) {
      done.effects().forEach(effect -> perform(done.lease(), effect));
    }
  }

  private void perform(Lease lease, Effect effect) {
    try {
      switch (effect) {
        case Effect.Announce announce ->
            platform.bus("BUS").publish(announce.detailType(), detail(lease));
        case Effect.Reap reap -> reap(reap.label());
        case Effect.Watch _ -> wake();
        case Effect.Settle _ ->
            leases.apply(
                lease.job(), new JobEvent.Settle(platform.clock().instant(), lease.sequence()));
      }
    } catch (TransportUnavailable | io.vaultlayer.core.port.StoreUnavailable e) {
      log.note(
          "effect lost",
          lease.job().value(),
          effect.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }

  /** Lets the reaper look at one instance now; without it the row's due time does. */
  public void reap(String label) {
    platform.queue("REAP_QUEUE_URL").send(Json.render(Map.of("reap", label)), Duration.ZERO);
  }

  /** Lets the watchdog look soon; without it the next scheduled tick does. */
  public void wake() {
    platform.queue("TICK_QUEUE_URL").send("{\"tick\":\"wake\"}", Duration.ZERO);
  }

  private static String detail(Lease lease) {
    var detail = new LinkedHashMap<String, Object>();
    detail.put("job", lease.job().value());
    detail.put("epoch", lease.epoch());
    detail.put("state", lease.state().wireName());
    lease.reason().ifPresent(r -> detail.put("reason", r));
    lease.pointer().ifPresent(p -> detail.put("step", p.step()));
    return Json.render(detail);
  }
}
