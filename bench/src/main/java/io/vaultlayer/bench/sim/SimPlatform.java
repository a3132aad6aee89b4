package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.plane.Variables;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.functions.Platform;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/** What one function stands on in a simulated world. */
final class SimPlatform implements Platform {
  static final Variables VARIABLES = Variables.of("sim", "http://plane", 10);

  private final World world;
  private final Invocation.Function function;
  private final Store store;
  private final Bucket bucket;
  private final Bus bus;
  private final List<Provider> providers;
  private final JobCredentials credentials;

  SimPlatform(World world, Invocation.Function function) {
    this.world = world;
    this.function = function;
    this.store = world.mutant.store(world.store, function, world);
    this.bucket = world.mutant.bucket(world.bucket, function, world);
    this.bus = world.mutant.bus(world.bus, function, world);
    this.providers =
        world.clouds.stream().map(c -> world.mutant.provider(c, function, world)).toList();
    this.credentials = world.credentials;
  }

  @Override
  public String variable(String name) {
    return VARIABLES.get(name);
  }

  @Override
  public Store store() {
    return store;
  }

  @Override
  public Queue queue(String urlVariable) {
    return world.mutant.queue(new Ports.SimQueue(world, urlVariable), urlVariable, function, world);
  }

  @Override
  public Bus bus(String nameVariable) {
    return bus;
  }

  @Override
  public Bucket bucket(String nameVariable) {
    return bucket;
  }

  @Override
  public JobCredentials credentials(String bucketVariable, String roleVariable) {
    return credentials;
  }

  @Override
  public List<Provider> providers() {
    return providers;
  }

  @Override
  public InstantSource clock() {
    return world::instant;
  }

  @Override
  public Entropy entropy() {
    return world.entropy;
  }

  /** Waiting between two tries is a place like any other to be overtaken. */
  @Override
  public void pause(Duration time) {
    world.plane.pass("pause", "before");
  }
}
