package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.money.Funding;
import io.vaultlayer.core.place.HourlyPrice;
import io.vaultlayer.functions.Platform;
import java.util.List;

/**
 * Keeps what runs paid for: renews a launch's money before it ends, in one transaction with its
 * lease, and stops the job when there is none left. Reads the money only of launches whose end is
 * near, so most looks cost nothing.
 */
public final class Budgets {
  private final Platform platform;
  private final Control control;

  public Budgets(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
  }

  /** Looks at every launch of this lease. */
  public void inspect(Lease lease) {
    lease.launches().forEach(launch -> look(lease, launch));
  }

  private void look(Lease lease, LaunchRecord launch) {
    var now = platform.clock().instant();
    var ends = launch.fundedUntil();
    if (launch.usdPerHour() <= 0
        || ends.isEmpty()
        || ends.get().isAfter(now.plus(Funding.RENEW_BEFORE))) {
      return;
    }
    var money = control.records().money(lease.job());
    var grant = Funding.renewal(money.value().leftUsd(), launch.usdPerHour(), ends.get(), now);
    if (grant.isPresent()) {
      var event = new JobEvent.Fund(now, launch.epoch(), launch.number(), grant.get().until());
      var next = money.value().extend(launch.label(), grant.get().usd());
      try {
        control
            .leases()
            .apply(
                lease.job(),
                _ -> event,
                _ -> List.of(control.records().moneyWrite(lease.job(), money, next)));
      } catch (Leases.BesideRefused e) {
        control.log().note("money moved", launch.label(), "renewed at the next look");
      }
    } else if (!ends.get().isAfter(now)) {
      var why = "the budget covers no more of " + HourlyPrice.text(launch.usdPerHour());
      control
          .effects()
          .perform(control.leases().apply(lease.job(), new JobEvent.Stop(now, "budget", why)));
    }
  }
}
