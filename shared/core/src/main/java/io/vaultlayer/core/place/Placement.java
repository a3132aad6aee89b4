package io.vaultlayer.core.place;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Chooses among offers; pure. */
public final class Placement {
  private Placement() {}

  /**
   * What the user allows.
   *
   * @param classes best first; empty: any
   * @param providers allow-list; empty: all
   */
  public record Wish(
      List<GpuClass> classes,
      List<String> providers,
      Optional<String> pricing,
      Optional<Double> maxUsdPerHour) {
    public Wish {
      classes = List.copyOf(classes);
      providers = List.copyOf(providers);
    }

    public List<GpuClass> classesOrAll() {
      return classes.isEmpty() ? GpuClass.known() : classes;
    }
  }

  /** Why the wish does not allow this offer, in words that many offers share; empty if it does. */
  public static Optional<String> forbidden(Offer o, Wish wish) {
    if (!wish.classes().isEmpty() && !wish.classes().contains(o.gpu())) {
      return Optional.of("of another class");
    }
    if (!wish.providers().isEmpty() && !wish.providers().contains(o.provider())) {
      return Optional.of("at a provider that is not allowed");
    }
    if (wish.pricing().isPresent() && !wish.pricing().get().equals(o.pricing())) {
      return Optional.of("not " + wish.pricing().get());
    }
    if (wish.maxUsdPerHour().isPresent() && o.usdPerHour() > wish.maxUsdPerHour().get()) {
      return Optional.of("above " + HourlyPrice.text(wish.maxUsdPerHour().get()));
    }
    var named = !wish.classes().isEmpty() && wish.providers().contains(o.provider());
    return o.present() || named
        ? Optional.empty()
        : Optional.of("of a class that was not found there");
  }

  /**
   * The allowed offers, the one to take first. A class that was only named and is not there is
   * taken only from a provider that the user named. Without a wish the cheapest wins, and at one
   * price a GPU before none.
   */
  public static List<Offer> rank(List<Offer> offers, Wish wish) {
    return offers.stream()
        .filter(o -> forbidden(o, wish).isEmpty())
        .sorted(
            Comparator.comparingInt((Offer o) -> Math.max(0, wish.classes().indexOf(o.gpu())))
                .thenComparingDouble(Offer::usdPerHour)
                .thenComparing(o -> o.gpu().equals(GpuClass.CPU))
                .thenComparing(Offer::provider)
                .thenComparing(Offer::machineId))
        .toList();
  }
}
