package io.vaultlayer.functions.api;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.place.Placement;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Provider.ProviderFailure;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.providers.Registry;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.SubmitRequest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What can be rented, and from whom. */
final class MarketQueries {
  private final Platform platform;

  MarketQueries(Platform platform) {
    this.platform = platform;
  }

  Answer gpus(HttpRequest http) {
    var wanted = http.text("gpu").map(MarketQueries::known).map(List::of).orElse(GpuClass.known());
    return Answer.ok(
        new Lists.Offers(offers(wanted).stream().filter(Offer::present).map(this::row).toList()));
  }

  private static GpuClass known(String name) {
    return Optional.ofNullable(name)
        .flatMap(GpuClass::find)
        .orElseThrow(() ->
            new ApiError(
                400,
                "unknown_gpu",
                "listing offers: unknown GPU class " + name + "; `vl gpus` lists them"));
  }

  private List<Offer> offers(List<GpuClass> classes) {
    var all = new ArrayList<Offer>();
    for (var provider : platform.providers()) {
      try {
        all.addAll(provider.offers(classes));
      } catch (ProviderFailure e) {
        // a provider that does not answer has no offers now; the others still do
      }
    }
    all.sort(Comparator.comparing(Offer::usdPerHour));
    return all;
  }

  private Lists.OfferRow row(Offer o) {
    return new Lists.OfferRow(
        o.gpu().name(),
        o.count(),
        o.memGiB(),
        o.provider(),
        o.region(),
        o.pricing(),
        o.usdPerHour(),
        "validated");
  }

  /** What a run would be placed on now: the choice, and the runners-up, cheapest first. */
  Answer estimate(HttpRequest http) {
    var request = http.body(SubmitRequest.class);
    var wishes =
        request.gpu() == null
            ? List.<GpuClass>of()
            : request.gpu().stream().map(w -> known(w == null ? null : w.gpu())).toList();
    if (request.providers() != null && request.providers().contains(null)) {
      throw new ApiError(
          400, "malformed", "estimating: a provider's name is null; correct it and ask again");
    }
    var wish =
        new Placement.Wish(
            wishes,
            request.providers() == null ? List.of() : request.providers(),
            Optional.ofNullable(request.pricing()),
            Optional.ofNullable(request.maxPriceUsdPerHour()));
    var ranked = Placement.rank(offers(wish.classesOrAll()), wish);
    return Answer.ok(
        new Estimate(
            ranked.isEmpty() ? null : row(ranked.getFirst()),
            ranked.stream().skip(1).limit(5).map(this::row).toList()));
  }

  record Estimate(Lists.OfferRow offer, List<Lists.OfferRow> runnersUp) {}

  Answer providers(HttpRequest http) {
    var rows =
        Registry.all().stream()
            .map(e -> new Lists.ProviderRow(e.name(), status(e), e.evidence(), e.reason()))
            .toList();
    return Answer.ok(new Lists.Providers(rows));
  }

  /** An entry is validated by the registry, and usable only where this deployment has it. */
  private String status(Registry.Entry entry) {
    var here =
        platform.providers().stream()
            .map(Provider::facts)
            .anyMatch(f -> f.name().equals(entry.name()));
    return here || !entry.status().equals("validated") ? entry.status() : "not_connected";
  }
}
