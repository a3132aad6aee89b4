package io.vaultlayer.functions.provisioner;

import io.vaultlayer.core.lease.ClosedAttempt;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.place.Exclusions;
import io.vaultlayer.core.place.Exclusions.Choice;
import io.vaultlayer.core.place.Exclusions.Exclusion;
import io.vaultlayer.core.place.Exclusions.Reclaimed;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.place.Placement;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.JobSpec;
import java.util.ArrayList;
import java.util.List;

/** What can be rented now and what of it a job may take. */
final class Market {
  /** Newest attempts that may exclude something; older ones have had a day of attempts since. */
  private static final int MOST_ATTEMPTS = 200;

  private final Platform platform;
  private final Control control;

  Market(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
  }

  /**
   * The offers that the job may take, the one to take first.
   *
   * @param besides exclusions that hold for this look only
   */
  Choice choose(Lease lease, JobSpec spec, List<Exclusion> besides) {
    var now = platform.clock().instant();
    var ranked = ranked(spec);
    var exclusions = new ArrayList<>(besides);
    exclusions.addAll(control.records().bars(lease.job()));
    exclusions.addAll(Exclusions.ofAttempts(attempts(lease), now));
    var reclaims = new ArrayList<Reclaimed>();
    for (var provider : ranked.stream().map(Offer::provider).distinct().toList()) {
      var fleet = control.records().fleet();
      exclusions.addAll(Exclusions.ofFleet(fleet.unhealthy(provider), now));
      reclaims.addAll(fleet.reclaims(provider));
    }
    return Exclusions.choose(ranked, exclusions, reclaims, now);
  }

  /** Also those whose rows are not stored yet. */
  private List<ClosedAttempt> attempts(Lease lease) {
    var all = new ArrayList<>(control.records().newestAttempts(lease.job(), MOST_ATTEMPTS));
    lease.journal().forEach(e -> e.closed().ifPresent(all::add));
    return all;
  }

  /** A provider that fails offers nothing. */
  private List<Offer> ranked(JobSpec spec) {
    var wish =
        new Placement.Wish(
            spec.classes(), spec.providers(), spec.pricing(), spec.maxPriceUsdPerHour());
    var all = new ArrayList<Offer>();
    for (var provider : platform.providers()) {
      if (provider.facts().status().equals("validated")) {
        try {
          all.addAll(provider.offers(wish.classesOrAll()));
        } catch (ProviderFailure e) {
          control
              .log()
              .note("offers failed", provider.facts().name(), String.valueOf(e.getMessage()));
        }
      }
    }
    return Placement.rank(all, wish);
  }
}
