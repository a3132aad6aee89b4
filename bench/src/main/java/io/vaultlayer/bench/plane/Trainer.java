package io.vaultlayer.bench.plane;

import io.vaultlayer.bench.sim.Chance;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * An agent on a host: boots, registers, beats at its own phase, commits, parks its training when no
 * beat is accepted, and stops when it is told that it is fenced. Each step goes through the real
 * handlers.
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

  /**
   * @param bootMillis from the create to the register, and up to an interval more
   * @param commitEveryMillis between two checkpoints; 0: a single one, soon after the start
   */
  public record Settings(long bootMillis, long commitEveryMillis, Tries tries, Loss loss) {}

  private static final int TRIES_PER_INTERVAL = 3;
  private static final long PATIENCE_MILLIS = 10_000;

  /** Between two registers where the answer was no answer, or not yet. */
  private static final long REGISTER_AGAIN_MILLIS = 5000;

  /** A first checkpoint needs at least one step. */
  private static final long FIRST_COMMIT_MILLIS = 2000;

  public final Cloud.Host host;
  private final AttemptApi.Bootstrap bootstrap;
  private final Plane plane;
  private final SplittableRandom random;
  private final Settings settings;
  private final String token;
  private final Progress progress = new Progress();
  private long intervalMillis = 10_000;
  private long beat;
  private long accepted;
  private long firstStep;
  private boolean committing;
  private boolean fenced;
  private long fencedAt = Long.MAX_VALUE;

  public Trainer(Plane plane, Cloud.Host host, long seed, Settings settings) {
    this.plane = plane;
    this.host = host;
    this.bootstrap = Json.parse(host.launch.bootstrap(), AttemptApi.Bootstrap.class);
    this.random = Chance.of(seed, host.label(), 0);
    this.settings = settings;
    this.token = "vla_" + bootstrap.label();
  }

  public String job() {
    return bootstrap.job();
  }

  public int epoch() {
    return bootstrap.epoch();
  }

  /** Beats that were accepted. */
  public long beats() {
    return accepted;
  }

  /** It trains now: the user's process runs, its machine lives, nobody told it to stop or park. */
  public boolean trains() {
    return !host.dead && !fenced && progress.trains(now());
  }

  /** Steps done, one for each second of training, those that it resumed from included. */
  public long steps() {
    return progress.steps(now(), Math.min(host.diedAt, fencedAt));
  }

  // ---- its life

  public void boot() {
    // Spread over an interval, so that a fleet's beats come at random phases.
    after(settings.bootMillis() + random.nextLong(intervalMillis), this::register);
  }

  private void register() {
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
            begin(Json.parse(reply.get().body(), AttemptApi.Assignment.class));
          } else if (!stops(reply)) {
            after(REGISTER_AGAIN_MILLIS, this::register);
          }
        });
  }

  private void begin(AttemptApi.Assignment assignment) {
    long base = assignment.checkpoint() == null ? 0 : assignment.checkpoint().step();
    progress.begin(base, assignment.parkSeconds() * 1000L);
    firstStep = base + 1;
    interval();
  }

  /** Tells the plane that this host is about to be reclaimed. */
  public void reclaim(int noticeSeconds) {
    ask("reclaim", Map.of("noticeSeconds", noticeSeconds), this::stops);
  }

  // ---- beats

  private void interval() {
    attempt(0, now(), intervalMillis);
  }

  /** The {@code n}th try of the interval that began then. */
  private void attempt(int n, long begun, long interval) {
    if (host.cut || settings.loss().lost(this) || !plane.reachable()) {
      failed(n, begun, interval);
      return;
    }
    long sent = now();
    var body = new HashMap<String, Object>();
    body.put("beat", ++beat);
    body.put("phase", "running");
    body.put("step", Math.max(firstStep, steps()));
    body.put("firstStep", firstStep);
    ask("heartbeat", body, reply -> answered(reply, n, begun, interval, sent));
  }

  private void failed(int n, long begun, long interval) {
    long noticed = settings.tries() == Tries.THREE_UNANSWERED ? PATIENCE_MILLIS : 0;
    int most = settings.tries() == Tries.ONE ? 1 : TRIES_PER_INTERVAL;
    if (n + 1 < most) {
      after(noticed + interval / TRIES_PER_INTERVAL, () -> attempt(n + 1, begun, interval));
    } else {
      long rest = begun + interval - now() - noticed;
      after(noticed + Math.max(0, rest), this::interval);
    }
  }

  private void answered(Optional<Plane.Reply> reply, int n, long begun, long interval, long sent) {
    if (stops(reply)) {
      return;
    }
    if (reply.isEmpty() || reply.get().status() != 200) {
      failed(n, begun, interval);
      return;
    }
    progress.accepted(sent, now());
    accepted++;
    var ack = Json.parse(reply.get().body(), AttemptApi.HeartbeatAck.class);
    intervalMillis = ack.intervalSeconds() * 1000L;
    if (!committing) {
      committing = true;
      after(firstCommit(), this::commit);
    }
    after(Math.max(0, begun + interval - now()), this::interval);
  }

  // ---- checkpoints

  private long firstCommit() {
    return settings.commitEveryMillis() > 0 ? settings.commitEveryMillis() : FIRST_COMMIT_MILLIS;
  }

  private void commit() {
    if (settings.commitEveryMillis() > 0) {
      after(settings.commitEveryMillis(), this::commit);
    }
    if (trains() && steps() >= firstStep) {
      ask(
          "commit",
          Checkpoint.put(plane.bucket, job(), epoch(), steps(), plane.engine.instant().toString()),
          this::stops);
    }
  }

  // ---- shared pieces

  private boolean stops(Optional<Plane.Reply> reply) {
    if (!fenced
        && reply.filter(r -> r.status() == 409 && r.body().contains("\"fenced\"")).isPresent()) {
      fenced = true;
      fencedAt = now();
    }
    return fenced;
  }

  private void ask(String verb, Object body, Consumer<Optional<Plane.Reply>> answered) {
    Consumer<Optional<Plane.Reply>> alive =
        reply -> {
          if (!host.dead) {
            answered.accept(reply);
          }
        };
    if (host.cut) {
      after(PATIENCE_MILLIS, () -> alive.accept(Optional.empty()));
    } else {
      plane.agent(job(), epoch(), verb, token, body, alive);
    }
  }

  /** Later, unless the host is dead or the attempt is over by then. */
  private void after(long millis, Runnable work) {
    plane.engine.after(
        millis,
        () -> {
          if (!host.dead && !fenced) {
            work.run();
          }
        });
  }

  private long now() {
    return plane.engine.now();
  }
}
