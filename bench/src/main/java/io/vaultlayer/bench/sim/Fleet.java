package io.vaultlayer.bench.sim;

import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Every instance's host and the agent on it. */
final class Fleet {
  private final World world;
  private final List<Host> hosts = new ArrayList<>();
  private final Map<Integer, Host> byNumber = new HashMap<>();

  Fleet(World world) {
    this.world = world;
  }

  List<Host> hosts() {
    return hosts;
  }

  /** Hosts on which an agent may be at work. */
  List<Host> living() {
    return hosts.stream().filter(h -> h.instance.runs() && !h.agent.over()).toList();
  }

  Host host(int number) {
    return byNumber.get(number);
  }

  void boot(Instance instance, String bootstrap) {
    var parsed = Json.parse(bootstrap, AttemptApi.Bootstrap.class);
    var host = new Host(world, instance, parsed);
    hosts.add(host);
    byNumber.put(instance.number, host);
    host.after(Chance.between(host.random, 8_000, 90_000), host.agent::start);
  }

  /** Nothing gets from this host to us or back. */
  boolean cut(int number) {
    return byNumber.get(number).cut();
  }

  /** The instance is lost without warning. */
  void lose(Instance instance, String how) {
    if (instance.exists()) {
      instance.lostAt = world.engine.now();
      end(instance, how);
    }
  }

  void stop(Instance instance) {
    if (instance.runs()) {
      instance.stopped = true;
      instance.lostAt = world.engine.now();
      world.trace.note("stopped", instance.label);
      down(instance);
    }
  }

  void end(Instance instance, String how) {
    if (instance.exists()) {
      instance.endedAt = world.engine.now();
      world.trace.note("gone", instance.label, how);
      down(instance);
      world.checks.ended(instance);
    }
  }

  private void down(Instance instance) {
    var host = byNumber.get(instance.number);
    if (host != null) {
      host.down();
    }
  }
}
