package io.vaultlayer.bench.plane;

import io.vaultlayer.bench.sim.Chance;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * An agent on a host: boots, registers, beats at its own phase, commits once so that the job makes
 * progress, and stops when it is told that it is fenced. Each step goes through the real handlers.
 */
public final class Trainer {
  /** How a beat behaves that its network loses. */
  public enum Tries {
    /** One try in each interval: what the false-fence figures of the literature count. */
    ONE,
    /** As the real agent: three tries a third of an interval apart, each failing at once. */
    THREE_REFUSED,
    /** As the real agent where a lost try is noticed only when its patience of 10 s is over. */
    THREE_UNANSWERED
  }

  /** Whether the try sent now is lost on its way. */
  @FunctionalInterface
  public interface Loss {
    boolean lost(Trainer trainer);

    Loss NONE = trainer -> false;
  }

  private static final int TRIES_PER_INTERVAL = 3;
  private static final long PATIENCE_MILLIS = 10_000;

  public final Cloud.Host host;
  public final AttemptApi.Bootstrap bootstrap;
  private final Plane plane;
  private final SplittableRandom random;
  private final Loss loss;
  private final Tries tries;
  private final long bootMillis;
  private final String token;
  private long intervalMillis = 10_000;
  private long beat;
  private boolean committed;
  private boolean running;
  private boolean fenced;

  /** When it began to train; -1 before. */
  public long trainsSince = -1;

  /** The number of beats that were accepted while running. */
  public long beats;

  public Trainer(Plane plane, Cloud.Host host, long seed, long bootMillis, Tries tries, Loss loss) {
    this.plane = plane;
    this.host = host;
    this.bootstrap = Json.parse(host.launch.bootstrap(), AttemptApi.Bootstrap.class);
    this.random = Chance.of(seed, host.label(), 0);
    this.loss = loss;
    this.tries = tries;
    this.bootMillis = bootMillis;
    this.token = "vla_" + bootstrap.label();
  }

  public String job() {
    return bootstrap.job();
  }

  public int epoch() {
    return bootstrap.epoch();
  }

  public void boot() {
    // Spread over an interval, so that a fleet's beats come at random phases.
    plane.engine.after(bootMillis + random.nextLong(intervalMillis), this::register);
  }

  /** It trains now: the user's process runs, its machine lives, and nobody has told it to stop. */
  public boolean trains() {
    return running && !host.dead && !fenced;
  }

  public boolean isFenced() {
    return fenced;
  }

  private void register() {
    if (host.dead || fenced) {
      return;
    }
    var body =
        Map.of(
            "launch", bootstrap.launch(),
            "bootstrapToken", bootstrap.bootstrapToken(),
            "instanceId", host.id,
            "machineId", host.launch.offer().machineId(),
            "agentVersion", "bench");
    ask(
        "register",
        body,
        reply -> {
          if (reply.filter(r -> r.status() == 200).isPresent()) {
            interval(0);
          } else if (!stops(reply)) {
            plane.engine.after(5000, this::register);
          }
        });
  }

  /** One interval of beats; {@code n} counts its tries. */
  private void interval(int n) {
    long begun = plane.engine.now();
    attempt(n, begun, intervalMillis);
  }

  private void attempt(int n, long begun, long interval) {
    if (host.dead || fenced) {
      return;
    }
    if (loss.lost(this) || !plane.reachable()) {
      failed(n, begun, interval);
      return;
    }
    ask("heartbeat", body(), reply -> answered(reply, n, begun, interval));
  }

  private void failed(int n, long begun, long interval) {
    long noticed = tries == Tries.THREE_UNANSWERED ? PATIENCE_MILLIS : 0;
    int most = tries == Tries.ONE ? 1 : TRIES_PER_INTERVAL;
    if (n + 1 < most) {
      plane.engine.after(
          noticed + interval / TRIES_PER_INTERVAL, () -> attempt(n + 1, begun, interval));
    } else {
      long rest = begun + interval - plane.engine.now() - noticed;
      plane.engine.after(noticed + Math.max(0, rest), () -> interval(0));
    }
  }

  private void answered(Optional<Plane.Reply> reply, int n, long begun, long interval) {
    if (stops(reply)) {
      return;
    }
    if (reply.isEmpty() || reply.get().status() != 200) {
      failed(n, begun, interval);
      return;
    }
    if (!running) {
      running = true;
      trainsSince = plane.engine.now();
    }
    beats++;
    var ack = Json.parse(reply.get().body(), AttemptApi.HeartbeatAck.class);
    intervalMillis = ack.intervalSeconds() * 1000L;
    if (!committed) {
      commit();
    }
    plane.engine.after(Math.max(0, begun + interval - plane.engine.now()), () -> interval(0));
  }

  private Map<String, Object> body() {
    var body = new HashMap<String, Object>();
    body.put("beat", ++beat);
    body.put("phase", "running");
    body.put("step", steps());
    body.put("firstStep", 100_000L * epoch());
    return body;
  }

  /** A step each second; an epoch begins well above the one before. */
  private long steps() {
    long trained = trainsSince < 0 ? 0 : (plane.engine.now() - trainsSince) / 1000;
    return 100_000L * epoch() + trained;
  }

  private void commit() {
    long step = steps();
    var weights = "weights".getBytes(StandardCharsets.UTF_8);
    var key = BucketLayout.checkpoint(job(), epoch(), step) + "weights.bin";
    plane.bucket.put(key, weights);
    var file =
        new Manifest.File(
            "weights.bin", key, weights.length, TokenHash.ofBytes(weights), "00000000");
    var made = plane.engine.instant().toString();
    var manifest =
        Json.render(new Manifest(job(), epoch(), step, made, "unknown", List.of(file), Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    var manifestKey = BucketLayout.checkpointManifest(job(), epoch(), step);
    plane.bucket.put(manifestKey, manifest);
    var body =
        Map.of(
            "step",
            step,
            "manifestKey",
            manifestKey,
            "manifestSha256",
            TokenHash.ofBytes(manifest),
            "bytes",
            weights.length,
            "files",
            1);
    ask("commit", body, reply -> committed |= reply.filter(r -> r.status() == 200).isPresent());
  }

  /** Tells the plane that this host is about to be reclaimed. */
  public void reclaim(int noticeSeconds) {
    ask("reclaim", Map.of("noticeSeconds", noticeSeconds), this::stops);
  }

  private boolean stops(Optional<Plane.Reply> reply) {
    fenced |= reply.filter(r -> r.status() == 409 && r.body().contains("\"fenced\"")).isPresent();
    return fenced;
  }

  private void ask(
      String verb, Object body, java.util.function.Consumer<Optional<Plane.Reply>> answered) {
    plane.agent(
        job(),
        epoch(),
        verb,
        token,
        body,
        reply -> {
          if (!host.dead) {
            answered.accept(reply);
          }
        });
  }
}
