package io.vaultlayer.core.job;

import io.vaultlayer.core.lease.Claim;
import io.vaultlayer.core.lease.Counters;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.Run;
import io.vaultlayer.core.lease.Submission;
import io.vaultlayer.core.lease.TokenHash;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One state of the model: the real lease, with everything in it that no decision depends on made
 * the same, and a small world around it. Messages are not kept: what a host may ever have sent
 * follows from its past, so everything can arrive late, twice, or never.
 */
final class ModelWorld implements ModelSpace.World {
  /** Events happen at NOON unless they need that a time has passed; those happen LATE. */
  static final Instant NOON = Walk.START;

  static final Instant LATE = NOON.plus(Duration.ofDays(1));
  static final Instant RETRY = NOON.plusSeconds(30);

  /** Every stored lease has this sequence; a watcher that saw an older item saw one less. */
  static final long SEQUENCE = 1000;

  static final int NOTHING = 0;
  static final int DATA = 1;
  static final int WHOLE = 2;

  private static final int EPOCHS = 5;
  private static final int HOSTS = 4;
  private static final TokenHash[][] TOKENS = new TokenHash[HOSTS][EPOCHS];
  private static final Pointer[][] POINTERS = new Pointer[EPOCHS][4];
  private static final LaunchRecord[][] LAUNCHES = new LaunchRecord[EPOCHS][6];

  static {
    for (int h = 0; h < HOSTS; h++) {
      for (int e = 1; e < EPOCHS; e++) {
        TOKENS[h][e] = TokenHash.of("host " + h + " epoch " + e);
      }
    }
    for (int e = 1; e < EPOCHS; e++) {
      for (int s = 1; s < 4; s++) {
        POINTERS[e][s] = Walk.checkpoint(e, s);
      }
      for (int n = 1; n < 6; n++) {
        LAUNCHES[e][n] = Walk.launchRecord(e, n, NOON);
      }
    }
  }

  Lease lease;
  int[] hosts;

  /** The watchdog's last look: epoch * 2, plus 1 while nothing was written since; 0: none yet. */
  int seen;

  /** Bit e * 4 + n: a create call for launch n of epoch e went out and may take effect any time. */
  int creates;

  /** Two bits for each checkpoint: nothing, data, whole. */
  long bucket;

  /** Bits for each checkpoint: its data rotted after it was whole. */
  int rotten;

  /** Bits for each checkpoint that was condemned. */
  int condemned;

  int cancels;
  int resumes;

  private ModelWorld() {}

  static ModelWorld first() {
    var world = new ModelWorld();
    var submitted =
        Submission.lease(new JobId("job_01k00000000000000000000000"), NOON, Walk.PATIENT);
    world.hosts = new int[0];
    var armed = (Decision.Accepted) JobMachine.decide(submitted, new JobEvent.Start(NOON));
    world.lease = canonical(armed.next());
    return world;
  }

  /** A copy in which something else may be changed. */
  ModelWorld copy() {
    var w = new ModelWorld();
    w.lease = lease;
    w.hosts = hosts;
    w.seen = seen;
    w.creates = creates;
    w.bucket = bucket;
    w.rotten = rotten;
    w.condemned = condemned;
    w.cancels = cancels;
    w.resumes = resumes;
    return w;
  }

  /** The world after this lease was written: whatever a watcher saw is older now. */
  ModelWorld written(Lease next) {
    var w = copy();
    w.lease = canonical(next);
    w.seen = seen & ~1;
    return w;
  }

  ModelWorld with(int host, int value) {
    var w = copy();
    w.hosts = hosts.clone();
    w.hosts[host] = value;
    return w;
  }

  ModelWorld withOneMore(int host) {
    var w = copy();
    w.hosts = java.util.Arrays.copyOf(hosts, hosts.length + 1);
    w.hosts[hosts.length] = host;
    return w;
  }

  static TokenHash token(int host, int epoch) {
    return TOKENS[host][epoch];
  }

  static Pointer pointer(int epoch, int step) {
    return POINTERS[epoch][step];
  }

  static LaunchRecord launch(int epoch, int number) {
    return LAUNCHES[epoch][number];
  }

  int pointerStep() {
    return lease.pointer().map(p -> (int) p.step()).orElse(0);
  }

  private static int place(int epoch, int step) {
    return epoch * 4 + step;
  }

  static int bit(int epoch, int step) {
    return 1 << place(epoch, step);
  }

  static int bit(Pointer pointer) {
    return bit(pointer.epoch(), (int) pointer.step());
  }

  int stored(int epoch, int step) {
    return (int) (bucket >>> 2 * place(epoch, step) & 3);
  }

  ModelWorld storing(int epoch, int step, int what) {
    var w = copy();
    int at = 2 * place(epoch, step);
    w.bucket = bucket & ~(3L << at) | (long) what << at;
    return w;
  }

  boolean isRotten(Pointer pointer) {
    return (rotten & bit(pointer)) != 0;
  }

  /** True when a checkpoint of this step rotted, of whatever epoch. */
  boolean isRotten(int step) {
    for (int e = 1; e < EPOCHS; e++) {
      if ((rotten & bit(e, step)) != 0) {
        return true;
      }
    }
    return false;
  }

  /** The lease without what no decision looks at, and with every time that is there made one. */
  static Lease canonical(Lease l) {
    var draft = l.draftAt(SEQUENCE);
    draft.dueAt = l.dueAt().map(_ -> NOON);
    draft.deadline = l.deadline().map(_ -> NOON.plusSeconds(40));
    draft.graceEnd = l.graceEnd().map(_ -> NOON.plusSeconds(60));
    draft.drainEnd = l.drainEnd().map(_ -> NOON.plusSeconds(120));
    draft.claim = l.claim().map(c -> new Claim(c.by(), NOON.plusSeconds(60)));
    draft.run = run(l.run());
    draft.counters = Counters.ZERO;
    draft.reason = l.state().isFinal() ? Optional.of("ended") : Optional.empty();
    draft.detail = Optional.empty();
    draft.exitCode = Optional.empty();
    draft.endedAt = l.endedAt().map(_ -> NOON);
    draft.settleUpTo(Long.MAX_VALUE);
    return draft.build();
  }

  private static Run run(Run r) {
    var plain = Run.begin(NOON).edit();
    plain.programStarted = r.programStarted();
    plain.phase = r.programStarted() ? "running" : "booting";
    plain.resumedFrom = r.resumedFrom();
    plain.committed = r.committed();
    plain.didNotResume = r.didNotResume();
    plain.stalledAt = r.stalledAt().map(_ -> NOON);
    plain.afterStall = r.afterStall();
    return plain.build();
  }

  /**
   * Two worlds that may behave differently have different fingerprints, but for a chance of 2^-64.
   */
  @Override
  public long fingerprint() {
    long h = fingerprint(lease);
    for (int host : hosts) {
      h = mix(h, host);
    }
    h = mix(h, (long) hosts.length << 32 | seen << 16 | cancels << 8 | resumes);
    h = mix(h, bucket);
    h = mix(h, (long) rotten << 32 | condemned);
    return mix(h, creates);
  }

  /** Of what decisions look at in a canonical lease. */
  static long fingerprint(Lease lease) {
    long h = lease.state().ordinal() * 8L + lease.epoch();
    h = mix(h, lease.claim().map(c -> c.by().hashCode()).orElse(0));
    for (var l : lease.launches()) {
      h = mix(h, l.epoch() * 16L + l.number());
      h = mix(h, l.instanceId().map(String::hashCode).orElse(0));
    }
    h = mix(h, lease.launches().size() * 64L + lease.nextLaunch() * 8L + lease.bound().orElse(0));
    h = mix(h, lease.token().map(t -> t.hex().hashCode()).orElse(0));
    h = mix(h, lease.pointer().map(p -> p.epoch() * 4L + p.step()).orElse(0L));
    for (var p : lease.earlier()) {
      h = mix(h, p.epoch() * 4L + p.step());
    }
    var r = lease.run();
    h = mix(h, lease.earlier().size() * 8L + r.resumedFrom().orElse(0L));
    h = mix(h, flags(r.programStarted(), r.committed(), r.didNotResume()));
    h =
        mix(
            h,
            flags(
                lease.dueAt().isPresent(),
                lease.drainEnd().isPresent(),
                lease.deadline().isPresent()));
    return mix(h, lease.closedBy().map(String::hashCode).orElse(0));
  }

  private static long flags(boolean a, boolean b, boolean c) {
    return (a ? 1 : 0) | (b ? 2 : 0) | (c ? 4 : 0);
  }

  static long mix(long h, long value) {
    long x = (h ^ value * 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
    x ^= x >>> 29;
    x *= 0x94D049BB133111EBL;
    return x ^ x >>> 32;
  }
}
