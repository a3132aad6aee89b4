package io.vaultlayer.bench.peer;

import static io.vaultlayer.bench.peer.SkyPilotConstants.AUTODOWN_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.BACKOFF_FACTOR;
import static io.vaultlayer.bench.peer.SkyPilotConstants.FETCH_TIMEOUT_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.LAUNCH_TIMEOUT_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.MOST_RELAUNCH_GAP_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.MOST_TRANSIENT_BACKOFF_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.POLL_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.RELAUNCH_GAP_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.TERMINATE_BACKOFF_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.TERMINATE_TRIES;
import static io.vaultlayer.bench.peer.SkyPilotConstants.TRANSIENT_BACKOFF_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.TRANSIENT_MILLIS;
import static io.vaultlayer.bench.peer.SkyPilotConstants.TRANSIENT_TRIES;

import io.vaultlayer.bench.sim.Chance;
import io.vaultlayer.bench.sim.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;

/**
 * A model of SkyPilot's managed jobs made of its published constants and the order of its loop, in
 * its best case: its checkpoints are always whole, a controller that was restarted resumes every
 * job, an ambiguous launch is found and cleaned up, and its own loss of network is noticed. It is a
 * model: SkyPilot itself was not run.
 */
final class SkyPilotModel implements Contender {
  /** A call to a cloud's API. */
  private static final long[] CLOUD_MILLIS = {2_000, 8_000};

  private final class Host {
    final Job job;
    final long base;
    final long trainsFrom;
    long endedAt = Long.MAX_VALUE;
    long cutAt = Long.MAX_VALUE;
    boolean hasProgram;
    boolean unowned;

    Host(Job job) {
      this.job = job;
      this.base = job.saved;
      this.trainsFrom = engine.now() + Setting.BOOT_MILLIS;
    }

    boolean isCut() {
      return cutAt <= engine.now();
    }

    boolean hasEnded() {
      return endedAt <= engine.now();
    }

    boolean trains() {
      return hasProgram && engine.now() >= trainsFrom && !hasEnded();
    }

    long progress() {
      return base + trained(endedAt);
    }

    /** The newest checkpoint that reached the bucket: a host that is cut off sends none. */
    long saved() {
      long each = Setting.CHECKPOINT_MILLIS / 1000;
      return base + trained(Math.min(cutAt, endedAt)) / each * each;
    }

    private long trained(long until) {
      return Math.max(0, Math.min(engine.now(), until) - trainsFrom) / 1000;
    }
  }

  private final class Job {
    Host host;
    boolean monitored;
    boolean sound;
    long lostAt;
    long saved;

    /** Steps of an older turn of its loop are void. */
    int turn;
  }

  private final Engine engine = new Engine();
  private final SplittableRandom random;
  private final List<Job> jobs = new ArrayList<>();
  private final List<Host> hosts = new ArrayList<>();
  private LongConsumer detected = millis -> {};
  private boolean pathDown;
  private boolean offline;
  private boolean stopped;
  private boolean terminateFails;
  private boolean noCapacity;
  private int ambiguous;
  private long calls;
  private long healthyTornDown;

  SkyPilotModel(long seed) {
    random = Chance.of(seed, "skypilot", 0);
  }

  @Override
  public String name() {
    return "SkyPilot-constants model";
  }

  @Override
  public Engine engine() {
    return engine;
  }

  @Override
  public void runUntil(long millis) {
    while (engine.step(millis)) {
      // each step is one event
    }
  }

  @Override
  public void start(int count) {
    for (int i = 0; i < count; i++) {
      var job = new Job();
      jobs.add(job);
      launch(job, RELAUNCH_GAP_MILLIS);
    }
  }

  // ---- the loop of one job

  /** A step of the job's loop later, unless a restart has voided it; waits while stopped. */
  private void after(Job job, long millis, Runnable work) {
    int turn = job.turn;
    engine.after(
        millis,
        () -> {
          if (job.turn == turn) {
            whenUp(job, turn, work);
          }
        });
  }

  private void whenUp(Job job, int turn, Runnable work) {
    if (job.turn != turn) {
      return;
    }
    if (stopped) {
      engine.after(1000, () -> whenUp(job, turn, work));
    } else {
      work.run();
    }
  }

  private void watch(Job job) {
    job.monitored = true;
    after(job, POLL_MILLIS, () -> poll(job));
  }

  private void poll(Job job) {
    if (offline || isReachable(job)) {
      watch(job);
    } else if (job.host.hasEnded()) {
      // The call fails between at once and its timeout, then the cloud admits the loss.
      after(job, random.nextLong(FETCH_TIMEOUT_MILLIS) + cloud(), () -> recover(job));
    } else {
      fetch(job, 1, engine.now());
    }
  }

  private boolean isReachable(Job job) {
    return !pathDown && !job.host.isCut() && !job.host.hasEnded();
  }

  /** The cloud says that the host runs, and its status cannot be had. */
  private void fetch(Job job, int tries, long since) {
    after(
        job,
        FETCH_TIMEOUT_MILLIS,
        () -> {
          if (offline || isReachable(job)) {
            watch(job);
            return;
          }
          after(
              job,
              cloud(),
              () -> {
                boolean over =
                    job.host.hasEnded()
                        || tries >= TRANSIENT_TRIES && engine.now() - since >= TRANSIENT_MILLIS;
                if (over) {
                  recover(job);
                } else {
                  after(job, transientBackoff(tries), () -> fetch(job, tries + 1, since));
                }
              });
        });
  }

  private static long transientBackoff(int tries) {
    return (long)
        Math.min(
            MOST_TRANSIENT_BACKOFF_MILLIS,
            TRANSIENT_BACKOFF_MILLIS * Math.pow(BACKOFF_FACTOR, tries - 1.0));
  }

  private void recover(Job job) {
    job.monitored = false;
    if (job.sound) {
      healthyTornDown++;
    } else {
      detected.accept(engine.now() - job.lostAt);
    }
    giveUp(job, job.host);
  }

  private void giveUp(Job job, Host host) {
    host.unowned = true;
    if (host.hasProgram) {
      job.saved = host.saved();
    }
    job.sound = false;
    terminate(job, host, 1, () -> launch(job, RELAUNCH_GAP_MILLIS));
  }

  private void terminate(Job job, Host host, int tries, Runnable then) {
    after(
        job,
        cloud(),
        () -> {
          if (!terminateFails && !offline) {
            end(host);
            then.run();
          } else if (tries < TERMINATE_TRIES) {
            long wait = (long) (TERMINATE_BACKOFF_MILLIS * Math.pow(BACKOFF_FACTOR, tries - 1.0));
            after(job, wait, () -> terminate(job, host, tries + 1, then));
          } else {
            givenUp(host);
            then.run();
          }
        });
  }

  /** Nobody terminates it any more. A host that can reach its cloud ends itself when idle. */
  private void givenUp(Host host) {
    if (!host.isCut()) {
      engine.after(AUTODOWN_MILLIS, () -> end(host));
    }
  }

  private void launch(Job job, long gap) {
    after(
        job,
        cloud(),
        () -> {
          if (noCapacity || offline) {
            long next = (long) Math.min(MOST_RELAUNCH_GAP_MILLIS, gap * BACKOFF_FACTOR);
            after(job, gap, () -> launch(job, next));
            return;
          }
          var host = new Host(job);
          hosts.add(host);
          if (ambiguous > 0) {
            ambiguous--;
            after(job, LAUNCH_TIMEOUT_MILLIS, () -> giveUp(job, host));
            return;
          }
          host.hasProgram = true;
          job.host = host;
          job.sound = true;
          after(job, Setting.BOOT_MILLIS, () -> reached(job));
        });
  }

  /** A launch is complete when its host is reached; until then it waits. */
  private void reached(Job job) {
    if (!pathDown && !offline && !job.host.isCut() || job.host.hasEnded()) {
      watch(job);
    } else {
      after(job, 10_000, () -> reached(job));
    }
  }

  private void end(Host host) {
    host.endedAt = Math.min(host.endedAt, engine.now());
    hosts.remove(host);
  }

  private long cloud() {
    calls++;
    return Chance.between(random, CLOUD_MILLIS[0], CLOUD_MILLIS[1]);
  }

  // ---- faults

  @Override
  public void lose(int number) {
    var job = jobs.get(number);
    if (job.host != null && job.sound) {
      lost(job);
      end(job.host);
    }
  }

  @Override
  public void cutOff(int number) {
    var job = jobs.get(number);
    if (job.host != null && job.sound) {
      lost(job);
      job.host.cutAt = engine.now();
    }
  }

  private void lost(Job job) {
    job.sound = false;
    job.lostAt = engine.now();
  }

  @Override
  public void pathDown(boolean down) {
    pathDown = down;
  }

  @Override
  public void offline(boolean is) {
    offline = is;
  }

  /** After a restart a job that was not running is cleaned up and launched again. */
  @Override
  public void stopped(boolean is) {
    stopped = is;
    if (!is) {
      for (var job : jobs) {
        if (!job.monitored) {
          job.turn++;
          var host = job.host;
          if (host == null || !hosts.contains(host)) {
            launch(job, RELAUNCH_GAP_MILLIS);
          } else {
            giveUp(job, host);
          }
        }
      }
    }
  }

  @Override
  public void terminateFails(boolean fails) {
    terminateFails = fails;
  }

  @Override
  public void noCapacity(boolean none) {
    noCapacity = none;
  }

  @Override
  public void ambiguousCreates(int count) {
    ambiguous = count;
  }

  // ---- seen from outside

  @Override
  public int trainingHosts(int number) {
    var job = jobs.get(number);
    return (int) hosts.stream().filter(h -> h.job == job && h.trains()).count();
  }

  @Override
  public long progressSeconds(int number) {
    var job = jobs.get(number);
    return job.host == null || job.host.unowned ? job.saved : job.host.progress();
  }

  @Override
  public int unownedInstances() {
    return (int) hosts.stream().filter(h -> h.unowned).count();
  }

  @Override
  public long providerCalls() {
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
