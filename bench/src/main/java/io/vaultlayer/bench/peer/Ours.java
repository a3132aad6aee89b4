package io.vaultlayer.bench.peer;

import io.vaultlayer.bench.plane.Cloud;
import io.vaultlayer.bench.plane.Plane;
import io.vaultlayer.bench.plane.Trainer;
import io.vaultlayer.bench.sim.Engine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/** The real handlers. */
final class Ours implements Contender {
  private final Plane plane;
  private final Cloud cloud;
  private final long seed;
  private final List<String> jobs = new ArrayList<>();
  private final Map<String, List<Trainer>> trainers = new HashMap<>();
  private final Map<String, Integer> epochs = new HashMap<>();
  private final Map<String, Long> losses = new HashMap<>();
  private LongConsumer detected = millis -> {};
  private long healthyTornDown;

  Ours(long seed) {
    this.seed = seed;
    plane = new Plane(seed, line -> {});
    cloud = new Cloud(plane, "cloud", seed, this::booted);
    plane.add(cloud);
    plane.listen(this::announced);
  }

  @Override
  public String name() {
    return "VaultLayer, real handlers";
  }

  @Override
  public Engine engine() {
    return plane.engine;
  }

  @Override
  public void runUntil(long millis) {
    plane.runUntil(millis);
  }

  @Override
  public void start(int count) {
    for (int i = 0; i < count; i++) {
      jobs.add(plane.submit(Map.of()));
    }
  }

  private void booted(Cloud.Host host) {
    var settings =
        new Trainer.Settings(
            Setting.BOOT_MILLIS,
            Setting.CHECKPOINT_MILLIS,
            Trainer.Tries.THREE_REFUSED,
            Trainer.Loss.NONE);
    var trainer = new Trainer(plane, host, seed, settings);
    trainers.computeIfAbsent(trainer.job(), j -> new ArrayList<>()).add(trainer);
    trainer.boot();
  }

  private void announced(Plane.Announced event) {
    if (event.type().equals("AttemptFenced")) {
      epochs.put(event.job(), event.epoch());
      var lost = losses.remove(event.job() + "/" + (event.epoch() - 1));
      if (lost == null) {
        healthyTornDown++;
      } else {
        detected.accept(plane.engine.now() - lost);
      }
    }
  }

  // ---- faults

  @Override
  public void lose(int job) {
    owner(job)
        .ifPresent(trainer -> {
          lost(trainer);
          cloud.vanish(trainer.host);
        });
  }

  @Override
  public void cutOff(int job) {
    owner(job)
        .ifPresent(trainer -> {
          lost(trainer);
          trainer.host.cut = true;
        });
  }

  private void lost(Trainer trainer) {
    losses.putIfAbsent(trainer.job() + "/" + trainer.epoch(), plane.engine.now());
  }

  @Override
  public void pathDown(boolean down) {
    plane.ingressDown(down);
  }

  @Override
  public void offline(boolean offline) {
    plane.ingressDown(offline);
    cloud.unreachable(offline);
  }

  @Override
  public void stopped(boolean stopped) {
    plane.down(stopped);
  }

  @Override
  public void terminateFails(boolean fails) {
    cloud.terminateFails(fails);
  }

  @Override
  public void noCapacity(boolean none) {
    cloud.noCapacity(none);
  }

  @Override
  public void ambiguousCreates(int count) {
    cloud.ambiguousCreates(count);
  }

  // ---- seen from outside

  private int epoch(String job) {
    return epochs.getOrDefault(job, 1);
  }

  /** The trainer of the job's present epoch, if its host is there and sound. */
  private java.util.Optional<Trainer> owner(int job) {
    var id = jobs.get(job);
    return trainers.getOrDefault(id, List.of()).stream()
        .filter(t -> t.epoch() == epoch(id) && !t.host.dead && !t.host.cut)
        .findFirst();
  }

  @Override
  public int trainingHosts(int job) {
    return (int)
        trainers.getOrDefault(jobs.get(job), List.of()).stream().filter(Trainer::trains).count();
  }

  @Override
  public long progressSeconds(int job) {
    var id = jobs.get(job);
    return trainers.getOrDefault(id, List.of()).stream()
        .filter(t -> t.epoch() == epoch(id))
        .mapToLong(Trainer::steps)
        .max()
        .orElseGet(() -> plane.committedStep(id));
  }

  @Override
  public int unownedInstances() {
    return (int)
        trainers.entrySet().stream()
            .flatMap(e -> e.getValue().stream().filter(t -> t.epoch() < epoch(e.getKey())))
            .filter(t -> cloud.exists(t.host))
            .count();
  }

  @Override
  public long providerCalls() {
    long calls = 0;
    for (var call : Cloud.Call.values()) {
      calls += cloud.calls(call);
    }
    return calls;
  }

  @Override
  public long healthyTornDown() {
    return healthyTornDown;
  }

  @Override
  public void onDetection(LongConsumer listener) {
    detected = listener;
  }
}
