package io.vaultlayer.bench.sim;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A second program on a host that has the agent's token and follows no protocol: it commits what is
 * not there, what is old, and what is no longer its own, long after the fence too.
 */
final class Mischief {
  private final World world;
  private final Host host;
  private final SplittableRandom random;
  private final long until;
  private final String job;
  private final int epoch;
  private final String token;
  private long beat = 1_000_000;

  Mischief(World world, Host host, Fault fault) {
    this.world = world;
    this.host = host;
    this.random = world.faults.stream(fault);
    this.until = world.engine.now() + fault.lastsMillis();
    this.job = host.agent.job();
    this.epoch = host.agent.epoch();
    this.token = host.agent.token();
  }

  void begin() {
    world.trace.note("mischief", host.instance.label, "e" + epoch);
    next();
  }

  private void next() {
    world.engine.after(
        Chance.between(random, 3_000, 60_000),
        () -> {
          if (world.engine.now() < until && !world.over) {
            act();
            next();
          }
        });
  }

  private boolean current() {
    return !world.checks.isDead(TokenHash.of(token));
  }

  private void act() {
    long known = Math.max(1, host.agent.committed());
    switch (random.nextInt(10)) {
      case 0 -> commit(epoch, 1_000_000 + random.nextInt(1000), false, 0, token);
      case 1 -> commit(epoch, 1_000_000 + random.nextInt(1000), true, 1, token);
      case 2, 3 -> {
        // A whole checkpoint of an earlier step than this epoch has committed, as a late save is.
        world
            .checks
            .pointer(job)
            .filter(p -> p.epoch() == epoch && p.step() > 4)
            .ifPresent(p -> commit(epoch, p.step() - 1 - random.nextInt(3), true, 0, token));
      }
      case 4 -> commit(epoch + 1, known + 1, false, 0, token);
      case 5 -> {
        // Without objects: what a dead epoch left whole and sound may be salvaged, and a liar's
        // own checkpoint cannot be told from an honest one.
        if (!current()) {
          commit(epoch, known + 1, false, 0, token);
        }
      }
      case 6 -> {
        if (!current()) {
          var body = new HashMap<String, Object>();
          body.put("beat", ++beat);
          body.put("phase", "running");
          body.put("step", known);
          call(epoch + random.nextInt(2), "heartbeat", token, body);
        } else {
          call(epoch, "heartbeat", token, Map.of("beat", 1, "phase", "running"));
        }
      }
      case 7 -> {
        if (current()) {
          call(epoch, "exit", token, Map.of("outcome", "succeeded", "exitCode", 0));
        } else {
          call(epoch, "exit", token, Map.of("outcome", "failed", "exitCode", 1));
        }
      }
      case 8 ->
          call(
              epoch,
              "register",
              "vla_guessed",
              new AttemptApi.Register(
                  host.bootstrap.launch(), "vlb_guessed", "i-guess", "m-guess", "guess"));
      default ->
          call(epoch, "heartbeat", "vla_guessed", Map.of("beat", ++beat, "phase", "running"));
    }
  }

  /** Uploads a checkpoint, leaving out that many of its files, and tries to commit it. */
  private void commit(int ofEpoch, long step, boolean manifest, int missing, String with) {
    var made = Checkpoint.make(job, ofEpoch, step, 7, 2, Optional.empty(), "2026-01-01T00:00:00Z");
    if (manifest) {
      List<Checkpoint.Stored> objects = made.objects();
      objects.subList(missing, objects.size()).forEach(o -> world.upload(o.key(), o.body()));
    }
    var key = BucketLayout.checkpointManifest(job, ofEpoch, step);
    var digest =
        world
            .objects
            .read(key, Integer.MAX_VALUE)
            .map(TokenHash::ofBytes)
            .orElse(made.manifestSha256());
    call(ofEpoch, "commit", with, new AttemptApi.Commit(step, key, digest, made.bytes(), 2));
  }

  private void call(int ofEpoch, String verb, String with, Object body) {
    world.plane.call(
        new Plane.Call(
            "POST /v1/attempts/{job}/{epoch}/" + verb,
            Map.of("job", job, "epoch", Integer.toString(ofEpoch)),
            Map.of("authorization", "Bearer " + with),
            body,
            "mischief on " + host.instance.label,
            Optional.empty()),
        30_000,
        reply -> {});
  }
}
