package io.vaultlayer.bench.cost;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Provider;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A provider that does as it is told; its calls cost the plane only the time that they take. */
final class Fleet implements Provider {
  static final Facts FACTS =
      new Facts(
          "model",
          "validated",
          "a model",
          10,
          40,
          Duration.ofMinutes(15),
          Duration.ofSeconds(60),
          Optional.empty());

  private final InstantSource clock;
  private final Meter meter;
  private final Map<String, Seen> instances = new LinkedHashMap<>();
  private final Map<String, String> bootstraps = new LinkedHashMap<>();
  private List<Seen> inventory = List.of();

  Fleet(InstantSource clock, Meter meter) {
    this.clock = clock;
    this.meter = meter;
  }

  /** An instance that was there before the bench began. */
  void add(String label, String id, String machine) {
    instances.put(label, new Seen(label, id, machine, Sighting.RUNNING));
    inventory = List.of();
  }

  /** Labels and bootstraps of the creates since the last call. */
  Map<String, String> takeCreated() {
    var taken = Map.copyOf(bootstraps);
    bootstraps.clear();
    return taken;
  }

  boolean has(String label) {
    return instances.containsKey(label);
  }

  Seen seen(String label) {
    return instances.get(label);
  }

  void vanish(String label) {
    instances.remove(label);
    inventory = List.of();
  }

  @Override
  public Facts facts() {
    return FACTS;
  }

  @Override
  public List<Offer> offers(List<GpuClass> classes) {
    meter.takes(Meter.PROVIDER_MILLIS);
    var offers = new ArrayList<Offer>();
    for (int i = 0; i < 20; i++) {
      var machine = "machine-" + (1000 + i);
      offers.add(new Offer("model", "eu-north-1", GpuClass.CPU, 1, 0, "spot", 0.4, machine, true));
    }
    return offers;
  }

  @Override
  public Creation create(Launch launch) {
    meter.takes(Meter.PROVIDER_MILLIS);
    var id = "i-0123456789" + instances.size();
    add(launch.label(), id, launch.offer().machineId());
    bootstraps.put(launch.label(), launch.bootstrap());
    return new Creation.Created(id, launch.offer().machineId());
  }

  @Override
  public Inventory list(String owner) {
    meter.takes(Meter.PROVIDER_MILLIS);
    if (inventory.size() != instances.size()) {
      inventory = List.copyOf(instances.values());
    }
    return new Inventory(clock.instant(), true, inventory);
  }

  @Override
  public Sighting describe(String label) {
    meter.takes(Meter.PROVIDER_MILLIS);
    return instances.containsKey(label) ? Sighting.RUNNING : Sighting.GONE;
  }

  @Override
  public void terminate(String label) {
    meter.takes(Meter.PROVIDER_MILLIS);
    vanish(label);
  }

  @Override
  public void terminate(String label, String instanceId) {
    terminate(label);
  }

  @Override
  public void kill(String label) {
    terminate(label);
  }
}
