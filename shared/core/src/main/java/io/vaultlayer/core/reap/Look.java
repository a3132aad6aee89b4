package io.vaultlayer.core.reap;

import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Provider.Inventory;
import io.vaultlayer.core.port.Provider.Seen;
import io.vaultlayer.core.port.Provider.Sighting;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/**
 * What is known when one instance item is looked at. The list must have been asked for <em>before
 * </em> the lease was read: a label that nobody owns is never owned again, so what the lease denies
 * then may be ended, whereas an older denial could miss an intent.
 *
 * @param lease of the item's job, read strongly; empty when there is no such job
 * @param providerKnown false when this deployment has no provider of that name
 * @param list empty when the provider gave none
 */
public record Look(
    InstanceRow row,
    Optional<Lease> lease,
    boolean providerKnown,
    Optional<Inventory> list,
    Instant now) {

  /** The launch by which the job owns this label, if it does. */
  Optional<LaunchRecord> owner() {
    return lease
        .filter(l -> !l.state().isFinal())
        .flatMap(l -> l.launches().stream().filter(n -> n.label().equals(row.label())).findFirst());
  }

  /**
   * The instances under this label that are shown and not said to be gone; one that overlapping
   * pages show twice counts once.
   */
  List<Seen> shown() {
    var byId = new LinkedHashMap<String, Seen>();
    list.stream()
        .flatMap(l -> l.instances().stream())
        .filter(s -> s.label().equals(row.label()) && s.sighting() != Sighting.GONE)
        .forEach(s -> byId.putIfAbsent(s.instanceId(), s));
    return List.copyOf(byId.values());
  }

  boolean complete() {
    return list.filter(Inventory::complete).isPresent();
  }

  /** True when the list was asked for late enough to show whatever the create call made. */
  boolean lateEnough() {
    return list.filter(l -> !l.askedAt().isBefore(row.visibleAt())).isPresent();
  }

  /** True when the list was asked for before the item was confirmed gone by another. */
  boolean isOlderThanTheEnd() {
    return list.isPresent()
        && row.goneAt().filter(at -> !list.get().askedAt().isAfter(at)).isPresent();
  }
}
