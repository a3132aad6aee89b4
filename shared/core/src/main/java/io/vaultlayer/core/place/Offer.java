package io.vaultlayer.core.place;

/**
 * One thing that can be rented now.
 *
 * @param memGiB memory of one GPU in GiB; 0 for {@code cpu}
 * @param pricing {@code spot} or {@code on-demand}
 * @param present false when the class was only named, not found there (local provider, {@code
 *     --provider local})
 */
public record Offer(
    String provider,
    String region,
    GpuClass gpu,
    int count,
    int memGiB,
    String pricing,
    double usdPerHour,
    String machineId,
    boolean present) {
  public Offer {
    if (!pricing.equals("spot") && !pricing.equals("on-demand")) {
      throw new IllegalArgumentException("pricing is spot or on-demand, not " + pricing);
    }
    if (count < 1 || usdPerHour < 0 || !Double.isFinite(usdPerHour)) {
      throw new IllegalArgumentException("an offer has at least one GPU and a finite price");
    }
  }
}
