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
import java.util.TreeMap;

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
   * What was found.
   *
   * @param told what each provider had, and why none of it was allowed, for people
   */
  record Found(Choice choice, String told) {}

  /**
   * The offers that the job may take, the one to take first.
   *
   * @param besides exclusions that hold for this look only
   */
  Found choose(Lease lease, JobSpec spec, List<Exclusion> besides) {
    var now = platform.clock().instant();
    var told = new ArrayList<String>();
    var ranked = ranked(spec, told);
    var exclusions = new ArrayList<>(besides);
    exclusions.addAll(control.records().bars(lease.job()));
    exclusions.addAll(Exclusions.ofAttempts(attempts(lease), now));
    var reclaims = new ArrayList<Reclaimed>();
    for (var provider : ranked.stream().map(Offer::provider).distinct().toList()) {
      var fleet = control.records().fleet();
      exclusions.addAll(Exclusions.ofFleet(fleet.unhealthy(provider), now));
      reclaims.addAll(fleet.reclaims(provider));
    }
    var choice = Exclusions.choose(ranked, exclusions, reclaims, now);
    if (!choice.note().isEmpty()) {
      told.add(choice.note());
    }
    return new Found(choice, String.join("; ", told));
  }

  /** Also those whose rows are not stored yet. */
  private List<ClosedAttempt> attempts(Lease lease) {
    var all = new ArrayList<>(control.records().newestAttempts(lease.job(), MOST_ATTEMPTS));
    lease.journal().forEach(e -> e.closed().ifPresent(all::add));
    return all;
  }

  /** A provider that fails offers nothing. */
  private List<Offer> ranked(JobSpec spec, List<String> told) {
    var wish =
        new Placement.Wish(
            spec.classes(), spec.providers(), spec.pricing(), spec.maxPriceUsdPerHour());
    var all = new ArrayList<Offer>();
    for (var provider : platform.providers()) {
      var name = provider.facts().name();
      if (!provider.facts().status().equals("validated")) {
        told.add(name + " is not validated");
      } else {
        try {
          var offers = provider.offers(wish.classesOrAll());
          told.add(name + told(offers, wish));
          all.addAll(offers);
        } catch (ProviderFailure e) {
          told.add(name + " gave no offers: it did not answer");
          control.log().note("offers failed", name, String.valueOf(e.getMessage()));
        }
      }
    }
    return Placement.rank(all, wish);
  }

  private static String told(List<Offer> offers, Placement.Wish wish) {
    var forbidden = new TreeMap<String, Integer>();
    offers.forEach(
        o -> Placement.forbidden(o, wish).ifPresent(why -> forbidden.merge(why, 1, Integer::sum)));
    var reasons = new ArrayList<String>();
    forbidden.forEach((why, count) -> reasons.add(count + " " + why));
    return " has "
        + offers.size()
        + " offers"
        + (reasons.isEmpty() ? "" : " (" + String.join(", ", reasons) + ")");
  }
}
