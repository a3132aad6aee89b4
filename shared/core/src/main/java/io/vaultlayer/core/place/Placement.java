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

  /**
   * The allowed offers, the one to take first. A class that was only named and is not there is
   * taken only from a provider that the user named. Without a wish the cheapest wins, and at one
   * price a GPU before none.
   */
  public static List<Offer> rank(List<Offer> offers, Wish wish) {
    return offers.stream()
        .filter(o -> wish.classes().isEmpty() || wish.classes().contains(o.gpu()))
        .filter(o -> wish.providers().isEmpty() || wish.providers().contains(o.provider()))
        .filter(o -> wish.pricing().isEmpty() || wish.pricing().get().equals(o.pricing()))
        .filter(o -> wish.maxUsdPerHour().isEmpty() || o.usdPerHour() <= wish.maxUsdPerHour().get())
        .filter(o ->
            o.present() || !wish.classes().isEmpty() && wish.providers().contains(o.provider()))
        .sorted(
            Comparator.comparingInt((Offer o) -> Math.max(0, wish.classes().indexOf(o.gpu())))
                .thenComparingDouble(Offer::usdPerHour)
                .thenComparing(o -> o.gpu().equals(GpuClass.CPU))
                .thenComparing(Offer::provider)
                .thenComparing(Offer::machineId))
        .toList();
  }
}
