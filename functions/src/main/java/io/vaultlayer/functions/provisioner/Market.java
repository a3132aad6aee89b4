package io.vaultlayer.functions.provisioner;

import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.place.Placement;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.functions.state.JobSpec;
import java.util.ArrayList;
import java.util.List;

/** What can be rented now and what of it a job may take. */
final class Market {
  private final Platform platform;
  private final DecisionLog log;

  Market(Platform platform, DecisionLog log) {
    this.platform = platform;
    this.log = log;
  }

  /**
   * The offers that the job allows, the one to take first. A provider that fails offers nothing.
   */
  List<Offer> ranked(JobSpec spec) {
    var wish =
        new Placement.Wish(
            spec.classes(), spec.providers(), spec.pricing(), spec.maxPriceUsdPerHour());
    var all = new ArrayList<Offer>();
    for (var provider : platform.providers()) {
      if (provider.facts().status().equals("validated")) {
        try {
          all.addAll(provider.offers(wish.classesOrAll()));
        } catch (ProviderFailure e) {
          log.note("offers failed", provider.facts().name(), String.valueOf(e.getMessage()));
        }
      }
    }
    return Placement.rank(all, wish);
  }
}
