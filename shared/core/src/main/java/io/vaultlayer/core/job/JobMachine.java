package io.vaultlayer.core.job;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.Decision.Ignored;
import io.vaultlayer.core.job.Decision.Recognised;
import io.vaultlayer.core.job.JobEvent.ByOwner;
import io.vaultlayer.core.job.JobEvent.Cancel;
import io.vaultlayer.core.job.JobEvent.Claim;
import io.vaultlayer.core.job.JobEvent.Commit;
import io.vaultlayer.core.job.JobEvent.Condemn;
import io.vaultlayer.core.job.JobEvent.Exit;
import io.vaultlayer.core.job.JobEvent.Extend;
import io.vaultlayer.core.job.JobEvent.Fence;
import io.vaultlayer.core.job.JobEvent.Fund;
import io.vaultlayer.core.job.JobEvent.Heartbeat;
import io.vaultlayer.core.job.JobEvent.Intend;
import io.vaultlayer.core.job.JobEvent.Launched;
import io.vaultlayer.core.job.JobEvent.NextEpoch;
import io.vaultlayer.core.job.JobEvent.PrepareSuccessor;
import io.vaultlayer.core.job.JobEvent.Reclaim;
import io.vaultlayer.core.job.JobEvent.Register;
import io.vaultlayer.core.job.JobEvent.Resume;
import io.vaultlayer.core.job.JobEvent.Salvage;
import io.vaultlayer.core.job.JobEvent.Settle;
import io.vaultlayer.core.job.JobEvent.Stall;
import io.vaultlayer.core.job.JobEvent.Start;
import io.vaultlayer.core.job.JobEvent.Stop;
import io.vaultlayer.core.job.JobEvent.Suspect;
import io.vaultlayer.core.job.JobEvent.Unplaced;
import io.vaultlayer.core.lease.Counters;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseDraft;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.Run;
import io.vaultlayer.core.place.HourlyPrice;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Every transition of a job. {@link #decide} is pure: a lease and an event in, a decision out. It
 * is written for compare-and-set: the caller writes {@link Accepted#next} on the condition that the
 * sequence has not moved, and decides anew when it has, so each row of the protocol's table is one
 * conditional update.
 */
public final class JobMachine {
  /**
   * Attempts in a row without a new step after which the job fails: fewer gives up on bad luck,
   * more burns money.
   */
  public static final int MOST_WITHOUT_PROGRESS = 3;

  /**
   * Launches in a row that never started the program: by then the image, the account or we are at
   * fault.
   */
  public static final int MOST_NEVER_STARTED = 10;

  /**
   * Successors declared beside one drain: a notice is short, and each one that came to nothing has
   * cost a create call.
   */
  public static final int MOST_SUCCESSORS = 3;

  /**
   * No step for less than this is no stall, however fast the steps were: a save may take as long.
   */
  public static final Duration LEAST_STALL = Duration.ofMinutes(10);

  /** After so long a restart in place that was asked for has not happened. */
  public static final Duration RESTART_LIMIT = Duration.ofMinutes(5);

  /**
   * Phases of a beat that tell that the user's program was started. The beat that said "running"
   * may never have arrived, and without it nothing could be committed.
   */
  private static final Set<String> AFTER_THE_START = Set.of("running", "saving", "finishing");

  private JobMachine() {}

  /** What follows from the event in the lease's present state. */
  public static Decision decide(Lease lease, JobEvent event) {
    if (event instanceof ByOwner owned) {
      var stranger = notTheOwner(lease, owned);
      if (stranger.isPresent()) {
        return stranger.get();
      }
    }
    return switch (lease.state()) {
      case QUEUED, WAITING, RECOVERING -> toBePlaced(lease, event);
      case PLACING -> placing(lease, event);
      case STARTING -> starting(lease, event);
      case RUNNING -> running(lease, event);
      case SAVING -> saving(lease, event);
      case SUCCEEDED, FAILED, CANCELLED, STOPPED -> ended(lease, event);
    };
  }

  // ------------------------------------------------------------------ one method per state

  private static Decision toBePlaced(Lease lease, JobEvent event) {
    return switch (event) {
      case Start e -> arm(lease, e);
      case Claim e -> claim(lease, e);
      case Salvage e -> salvage(lease, e);
      case Cancel e -> cancel(lease, e);
      case Stop e -> stop(lease, e);
      case Fence e -> ownFence(lease, e);
      case Settle e -> settle(lease, e);
      case Resume _ -> ignore(Why.JOB_NOT_ENDED);
      case Register _ -> ignore(Why.FENCED);
      case Intend _, Launched _, Unplaced _, Fund _ -> ignore(Why.WRONG_STATE);
      case Suspect _, Extend _, Stall _, PrepareSuccessor _ -> ignore(Why.WRONG_STATE);
      case Heartbeat _, Reclaim _, Commit _, Condemn _, NextEpoch _, Exit _ -> ignore(Why.FENCED);
    };
  }

  private static Decision placing(Lease lease, JobEvent event) {
    return switch (event) {
      case Claim e -> claim(lease, e);
      case Intend e -> intend(lease, e);
      case Launched e -> launched(lease, e);
      case Fund e -> fund(lease, e);
      case Unplaced e -> unplaced(lease, e);
      case Register e -> register(lease, e);
      case Fence e -> fence(lease, e);
      case Salvage e -> salvage(lease, e);
      case Cancel e -> cancel(lease, e);
      case Stop e -> stop(lease, e);
      case Settle e -> settle(lease, e);
      case Start e -> arm(lease, e);
      case Resume _ -> ignore(Why.JOB_NOT_ENDED);
      case Suspect _, Extend _, Stall _, PrepareSuccessor _ -> ignore(Why.WRONG_STATE);
      case Heartbeat _, Reclaim _, Commit _, Condemn _, NextEpoch _, Exit _ -> ignore(Why.FENCED);
    };
  }

  private static Decision starting(Lease lease, JobEvent event) {
    return switch (event) {
      case Register e -> register(lease, e);
      case Heartbeat e -> beat(lease, e);
      case Condemn e -> condemn(lease, e);
      case Exit e -> exit(lease, e);
      case NextEpoch e -> nextEpoch(lease, e);
      case Launched e -> launched(lease, e);
      case Fund e -> fund(lease, e);
      case Unplaced e -> unplaced(lease, e);
      case Suspect e -> suspect(lease, e);
      case Stall _ -> ignore(Why.WRONG_STATE);
      case Extend e -> extend(lease, e);
      case Fence e -> fence(lease, e);
      case Salvage e -> salvage(lease, e);
      case Cancel e -> cancel(lease, e);
      case Stop e -> stop(lease, e);
      case Settle e -> settle(lease, e);
      case Start e -> arm(lease, e);
      case Resume _ -> ignore(Why.JOB_NOT_ENDED);
      case Claim _, Intend _, PrepareSuccessor _ -> ignore(Why.WRONG_STATE);
      case Reclaim _, Commit _ -> ignore(Why.WRONG_STATE);
    };
  }

  private static Decision running(Lease lease, JobEvent event) {
    return switch (event) {
      case Heartbeat e -> beat(lease, e);
      case Commit e -> commit(lease, e);
      case Reclaim e -> reclaim(lease, e);
      case Exit e -> exit(lease, e);
      case NextEpoch e -> nextEpoch(lease, e);
      case Register e -> register(lease, e);
      case Suspect e -> suspect(lease, e);
      case Stall e -> stall(lease, e);
      case Extend e -> extend(lease, e);
      case Fence e -> fence(lease, e);
      case Cancel e -> cancel(lease, e);
      case Stop e -> stop(lease, e);
      case Settle e -> settle(lease, e);
      case Launched e -> launched(lease, e);
      case Fund e -> fund(lease, e);
      case Start e -> arm(lease, e);
      case Resume _ -> ignore(Why.JOB_NOT_ENDED);
      case Salvage _ -> ignore(Why.LAUNCH_BOUND);
      case Claim _, Intend _, Unplaced _, PrepareSuccessor _, Condemn _ -> ignore(Why.WRONG_STATE);
    };
  }

  private static Decision saving(Lease lease, JobEvent event) {
    return switch (event) {
      case Heartbeat e -> beat(lease, e);
      case Commit e -> commit(lease, e);
      case Exit e -> exit(lease, e);
      case PrepareSuccessor e -> prepareSuccessor(lease, e);
      case Register e -> register(lease, e);
      case Suspect e -> suspect(lease, e);
      case Stall _ -> ignore(Why.WRONG_STATE);
      case Extend e -> extend(lease, e);
      case Fence e -> fence(lease, e);
      case Cancel e -> cancel(lease, e);
      case Stop e -> stop(lease, e);
      case Settle e -> settle(lease, e);
      case Launched e -> launched(lease, e);
      case Fund e -> fund(lease, e);
      case Reclaim _ -> new Recognised(lease);
      case Unplaced e -> withoutSuccessor(lease, e);
      case Start e -> arm(lease, e);
      case Resume _ -> ignore(Why.JOB_NOT_ENDED);
      case Salvage _ -> ignore(Why.LAUNCH_BOUND);
      case Claim _, Intend _, Condemn _, NextEpoch _ -> ignore(Why.WRONG_STATE);
    };
  }

  private static Decision ended(Lease lease, JobEvent event) {
    return switch (event) {
      case Resume e -> resume(lease, e);
      case Settle e -> settle(lease, e);
      case Fence e -> ownFence(lease, e);
      case Register _ -> ignore(Why.FENCED);
      case Exit _, NextEpoch _, Heartbeat _, Reclaim _, Commit _, Condemn _ -> ignore(Why.FENCED);
      case Start _, Cancel _, Stop _, Claim _, Intend _, Launched _, Unplaced _, Fund _ ->
          ignore(Why.JOB_ENDED);
      case Suspect _, Extend _, Stall _, PrepareSuccessor _, Salvage _ -> ignore(Why.JOB_ENDED);
    };
  }

  // ------------------------------------------------------------------ placing

  private static Decision arm(Lease lease, Start e) {
    if (lease.armed()) {
      return new Recognised(lease);
    }
    var next = lease.edit();
    next.armed = true;
    next.dueAt = Optional.of(e.now());
    return accept(
        next,
        e.now(),
        Edge.ARMED,
        "work directory verified",
        announce("JobSubmitted"),
        announce("ProvisionRequested"));
  }

  private static Decision claim(Lease lease, Claim e) {
    if (e.epoch() != lease.epoch()) {
      return ignore(Why.EPOCH_MOVED);
    }
    if (!lease.armed()) {
      return ignore(Why.NOT_ARMED);
    }
    var held = lease.claim().filter(c -> c.until().isAfter(e.now()));
    if (lease.state() == JobState.PLACING && held.isPresent()) {
      return held.get().by().equals(e.by()) ? new Recognised(lease) : ignore(Why.CLAIMED_BY_OTHER);
    }
    if (lease.dueAt().isEmpty() || lease.dueAt().get().isAfter(e.now())) {
      return ignore(Why.NOT_DUE);
    }
    var edge = lease.state() == JobState.PLACING ? Edge.CLAIM_TAKEN_OVER : Edge.CLAIMED;
    var next = lease.edit();
    next.state = JobState.PLACING;
    next.claim = Optional.of(new io.vaultlayer.core.lease.Claim(e.by(), e.until()));
    next.dueAt = Optional.of(e.until());
    return accept(next, e.now(), edge, "due");
  }

  private static Decision intend(Lease lease, Intend e) {
    if (e.epoch() != lease.epoch()) {
      return ignore(Why.EPOCH_MOVED);
    }
    if (lease.claim().isEmpty()
        || !lease.claim().get().by().equals(e.by())
        || !lease.claim().get().until().isAfter(e.now())) {
      return ignore(Why.CLAIMED_BY_OTHER);
    }
    var own = lease.launch(e.launch().number());
    if (own.isPresent()) {
      return own.get().bootstrapHash().matches(e.launch().bootstrapHash())
          ? new Recognised(lease)
          : ignore(Why.LAUNCH_OPEN);
    }
    if (!lease.launches().isEmpty()) {
      return ignore(Why.LAUNCH_OPEN);
    }
    if (e.launch().number() != lease.nextLaunch() || e.launch().epoch() != lease.epoch()) {
      return ignore(Why.LAUNCH_UNKNOWN);
    }
    var next = lease.edit();
    next.put(e.launch());
    next.nextLaunch = lease.nextLaunch() + 1;
    next.run = lease.run().placed(e.now());
    return accept(next, e.now(), Edge.INTENDED, where(e.launch(), e.note()), new Effect.Watch());
  }

  private static String where(LaunchRecord launch, String note) {
    var place =
        launch.provider() + ", " + launch.gpu() + " at " + HourlyPrice.text(launch.usdPerHour());
    return note.isEmpty() ? place : place + "; " + note;
  }

  private static Decision launched(Lease lease, Launched e) {
    var launch = lease.launch(e.number()).filter(l -> l.epoch() == e.epoch());
    if (e.epoch() != lease.epoch() && launch.isEmpty()) {
      return ignore(Why.EPOCH_MOVED);
    }
    if (launch.isEmpty()) {
      return ignore(Why.LAUNCH_UNKNOWN);
    }
    if (launch.get().instanceId().isPresent()) {
      return new Recognised(lease);
    }
    var next = lease.edit();
    next.put(launch.get().launched(e.instanceId(), e.machineId()));
    if (launch.get().epoch() != lease.epoch()) {
      next.dueAt = Optional.of(launch.get().expiresAt());
      return accept(next, e.now(), Edge.LAUNCHED, "successor " + e.instanceId());
    }
    next.state = JobState.STARTING;
    next.claim = Optional.empty();
    next.dueAt = Optional.empty();
    next.deadline = Optional.of(launch.get().expiresAt());
    next.counters = lease.counters().placed();
    return accept(next, e.now(), Edge.LAUNCHED, e.instanceId(), new Effect.Watch());
  }

  private static Decision fund(Lease lease, Fund e) {
    var launch = lease.launch(e.number()).filter(l -> l.epoch() == e.epoch());
    if (launch.isEmpty()) {
      return ignore(Why.LAUNCH_UNKNOWN);
    }
    if (launch.get().fundedUntil().filter(until -> !e.until().isAfter(until)).isPresent()) {
      return new Recognised(lease);
    }
    var next = lease.edit();
    next.put(launch.get().funded(e.until()));
    return accept(next, e.now(), Edge.FUNDED, "until " + e.until());
  }

  private static Decision unplaced(Lease lease, Unplaced e) {
    if (e.epoch() != lease.epoch()) {
      return ignore(Why.EPOCH_MOVED);
    }
    if (lease.bound().isPresent()) {
      return ignore(Why.LAUNCH_BOUND);
    }
    if (e.number().isPresent()) {
      if (lease.launch(e.number().get()).isEmpty()) {
        return ignore(Why.LAUNCH_UNKNOWN);
      }
    } else if (!lease.launches().isEmpty()) {
      return ignore(Why.LAUNCH_OPEN);
    } else if (lease.claim().isEmpty() || !lease.claim().get().by().equals(e.by())) {
      return ignore(Why.CLAIMED_BY_OTHER);
    }
    var next = lease.edit();
    if (!e.giveUpAt().isAfter(e.now())) {
      var detail =
          "no place was found since "
              + lease.run().owedSince()
              + ", the last: "
              + e.reason()
              + "; `vl resume` looks again";
      return giveUp(
          next,
          lease,
          e.now(),
          Outcome.NEVER_STARTED,
          e.reason(),
          "no_capacity",
          detail,
          Edge.GAVE_UP_WAITING);
    }
    e.number().ifPresent(n -> next.launches.removeIf(l -> l.number() == n));
    next.state = JobState.WAITING;
    next.claim = Optional.empty();
    next.deadline = Optional.empty();
    next.dueAt = Optional.of(e.retryAt());
    next.counters = e.retryAt().isAfter(e.now()) ? lease.counters().waited() : lease.counters();
    var owed =
        e.number().flatMap(lease::launch).filter(l -> l.instanceId().isPresent()).stream()
            .map(l -> (Effect) new Effect.Reap(l.label()))
            .toArray(Effect[]::new);
    var edge = e.number().isPresent() ? Edge.LAUNCH_CLOSED : Edge.NO_PLACE;
    return accept(next, e.now(), edge, e.reason(), owed);
  }

  private static Decision salvage(Lease lease, Salvage e) {
    if (e.epoch() != lease.epoch()) {
      return ignore(Why.EPOCH_MOVED);
    }
    if (lease.bound().isPresent()) {
      return ignore(Why.LAUNCH_BOUND);
    }
    if (lease.pointer().isPresent() && lease.pointer().get().same(e.pointer())) {
      return new Recognised(lease);
    }
    if (e.pointer().epoch() != lease.epoch() - 1 || !isNewer(lease, e.pointer().step())) {
      return ignore(Why.STEP_NOT_NEWER);
    }
    if (!isStill(lease, e.base())) {
      return ignore(Why.POINTER_MOVED);
    }
    var next = lease.edit();
    moveForward(next, lease, e.pointer());
    var old = lease.counters();
    next.counters = new Counters(old.attempts(), 0, old.neverStarted(), old.waits());
    return accept(
        next,
        e.now(),
        Edge.SALVAGED,
        "step " + e.pointer().step(),
        announce("CheckpointCommitted"));
  }

  // ------------------------------------------------------------------ the attempt lives

  private static Decision register(Lease lease, Register e) {
    var launch = lease.launch(e.number()).filter(l -> l.epoch() == e.epoch());
    if (launch.isEmpty()) {
      return ignore(Why.FENCED);
    }
    if (!launch.get().bootstrapHash().matches(e.bootstrap())) {
      return ignore(Why.WRONG_BOOTSTRAP);
    }
    if (e.epoch() == lease.epoch() + 1) {
      return ignore(Why.NOT_YET);
    }
    if (e.epoch() != lease.epoch()) {
      return ignore(Why.FENCED);
    }
    if (lease.bound().isPresent()) {
      if (lease.bound().get() != e.number()) {
        return ignore(Why.FENCED);
      }
      var same = lease.token().isPresent() && lease.token().get().matches(e.token());
      return same ? new Recognised(lease) : ignore(Why.BOOTSTRAP_COPIED);
    }
    if (!launch.get().expiresAt().isAfter(e.now())) {
      return ignore(Why.WRONG_BOOTSTRAP);
    }
    var next = lease.edit();
    next.put(launch.get().launched(e.instanceId(), e.machineId()));
    next.bound = Optional.of(e.number());
    next.token = Optional.of(e.token());
    next.state = JobState.STARTING;
    next.claim = Optional.empty();
    next.dueAt = Optional.empty();
    next.deadline = Optional.of(e.now().plusSeconds(launch.get().leaseSeconds()));
    next.graceEnd = Optional.empty();
    next.counters = lease.counters().placed();
    next.run = lease.run().registered(lease.pointer().map(p -> p.step()));
    var from = lease.pointer().map(p -> "from step " + p.step()).orElse("fresh");
    return accept(
        next, e.now(), Edge.REGISTERED, from, announce("AttemptStarted"), new Effect.Watch());
  }

  private static Decision beat(Lease lease, Heartbeat e) {
    if (e.beat() <= lease.run().beat()) {
      return e.beat() == lease.run().beat() ? new Recognised(lease) : ignore(Why.BEAT_NOT_NEWER);
    }
    var starts = lease.state() == JobState.STARTING && AFTER_THE_START.contains(e.phase());
    var old = lease.run();
    var next = lease.edit();
    next.run = told(lease, e, starts);
    extendLease(next, lease, e.now());
    if (!starts) {
      return accept(next, lease.state() == JobState.STARTING ? Edge.BOOT_BEAT : Edge.BEAT);
    }
    next.state = JobState.RUNNING;
    return accept(next, e.now(), Edge.PROGRAM_STARTED, "epoch " + lease.epoch());
  }

  private static Run told(Lease lease, Heartbeat e, boolean starts) {
    var old = lease.run();
    var run = old.edit();
    run.programStarted = old.programStarted() || starts;
    run.beat = e.beat();
    run.phase = e.phase();
    run.step = e.step().or(old::step);
    run.firstStep = old.firstStep().or(e::firstStep);
    run.loss = e.loss().filter(Double::isFinite).or(old::loss);
    run.stepsPerSecond = e.stepsPerSecond().filter(Double::isFinite);
    run.gpus = e.gpus();
    run.lastBeatAt = Optional.of(e.now());
    toldStep(run, lease, e);
    return run.build();
  }

  /**
   * Only a program that tells its steps can stall: one that tells none has its saves numbered by
   * the agent, without a first step. Time in which nothing was heard is not held against it: then
   * the training was frozen, or went on unseen.
   */
  private static void toldStep(Run.Edit run, Lease lease, Heartbeat e) {
    var old = lease.run();
    if (e.step().isEmpty() || e.firstStep().isEmpty()) {
      run.stepAt = Optional.empty();
      run.stalledAt = Optional.empty();
    } else if (old.stepAt().isEmpty()) {
      run.stepAt = Optional.of(e.now());
    } else {
      var from = old.stepAt().get().plus(unheard(lease, e.now()));
      if (old.step().isPresent() && e.step().get() <= old.step().get()) {
        run.stepAt = Optional.of(from);
        return;
      }
      long gap = Math.max(0, Duration.between(from, e.now()).toSeconds());
      run.stepGapSeconds = Optional.of(Math.max(gap, old.stepGapSeconds().orElse(0L)));
      run.stepAt = Optional.of(e.now());
      run.stalledAt = Optional.empty();
    }
  }

  private static Duration unheard(Lease lease, Instant now) {
    var half = Duration.ofMillis(lease.boundLaunch().orElseThrow().leaseSeconds() * 500L);
    return lease
        .run()
        .lastBeatAt()
        .map(last -> Duration.between(last, now))
        .filter(gap -> gap.compareTo(half) > 0)
        .orElse(Duration.ZERO);
  }

  private static Decision reclaim(Lease lease, Reclaim e) {
    var next = lease.edit();
    next.state = JobState.SAVING;
    next.drainEnd = Optional.of(e.drainEnd());
    extendLease(next, lease, e.now());
    var drain = "drain until " + e.drainEnd();
    var alone = successorForbidden(lease);
    if (alone.isPresent()) {
      return accept(next, e.now(), Edge.DRAINING, drain + "; no successor: " + alone.get());
    }
    next.dueAt = Optional.of(e.now());
    return accept(next, e.now(), Edge.DRAINING, drain, announce("ProvisionRequested"));
  }

  /** Why nobody may take over from this attempt; empty where somebody may. */
  private static Optional<String> successorForbidden(Lease lease) {
    if (!lease.policy().failover()) {
      return Optional.of("failover is off");
    }
    var most = lease.policy().maxAttempts();
    if (most > 0 && lease.counters().attempts() + 1 >= most) {
      return Optional.of("the attempts allowed are used up");
    }
    return declaredSuccessors(lease) >= MOST_SUCCESSORS
        ? Optional.of(MOST_SUCCESSORS + " came to nothing")
        : Optional.empty();
  }

  /** Beside the bound launch, which was its epoch's last. */
  private static int declaredSuccessors(Lease lease) {
    return lease.bound().map(bound -> lease.nextLaunch() - 1 - bound).orElse(0);
  }

  private static Decision prepareSuccessor(Lease lease, PrepareSuccessor e) {
    if (e.epoch() != lease.epoch()) {
      return ignore(Why.EPOCH_MOVED);
    }
    var declared = lease.successor();
    if (declared.isPresent()) {
      var own =
          declared.get().number() == e.launch().number()
              && declared.get().bootstrapHash().matches(e.launch().bootstrapHash());
      return own ? new Recognised(lease) : ignore(Why.SUCCESSOR_DECLARED);
    }
    if (e.launch().number() != lease.nextLaunch() || e.launch().epoch() != lease.epoch() + 1) {
      return ignore(Why.LAUNCH_UNKNOWN);
    }
    if (successorForbidden(lease).isPresent()) {
      return ignore(Why.SUCCESSOR_FORBIDDEN);
    }
    var next = lease.edit();
    next.put(e.launch());
    next.nextLaunch = lease.nextLaunch() + 1;
    next.dueAt = Optional.of(e.lookAgain());
    return accept(next, e.now(), Edge.SUCCESSOR_DECLARED, where(e.launch(), e.note()));
  }

  /** No successor now, or the one that was declared is closed: another may be declared in time. */
  private static Decision withoutSuccessor(Lease lease, Unplaced e) {
    if (e.epoch() != lease.epoch()) {
      return ignore(Why.EPOCH_MOVED);
    }
    var declared = lease.successor();
    var next = lease.edit();
    if (e.number().isPresent()) {
      if (e.number().equals(lease.bound())) {
        return ignore(Why.LAUNCH_BOUND);
      }
      if (declared.filter(s -> s.number() == e.number().get()).isEmpty()) {
        return ignore(Why.LAUNCH_UNKNOWN);
      }
      next.launches.remove(declared.get());
      next.dueAt =
          Optional.of(e.retryAt()).filter(_ -> declaredSuccessors(lease) < MOST_SUCCESSORS);
      var reap = new Effect.Reap(declared.get().label());
      return accept(next, e.now(), Edge.SUCCESSOR_CLOSED, e.reason(), reap);
    }
    if (declared.isPresent()) {
      return ignore(Why.LAUNCH_OPEN);
    }
    if (lease.dueAt().filter(at -> !at.isAfter(e.now())).isEmpty()) {
      return ignore(Why.NOT_DUE);
    }
    next.dueAt = Optional.of(e.retryAt());
    next.counters = lease.counters().waited();
    return accept(next, e.now(), Edge.NO_SUCCESSOR, e.reason());
  }

  private static Decision commit(Lease lease, Commit e) {
    var mine = e.pointer();
    if (lease.pointer().isPresent() && lease.pointer().get().same(mine)
        || lease.earlier().stream().anyMatch(p -> p.same(mine))) {
      return new Recognised(lease);
    }
    if (mine.epoch() != lease.epoch()) {
      return ignore(Why.FENCED);
    }
    if (!isNewer(lease, mine.step())) {
      return stepNotNewer(lease, e);
    }
    if (!isStill(lease, e.base())) {
      return ignore(Why.POINTER_MOVED);
    }
    var next = lease.edit();
    moveForward(next, lease, mine);
    next.run = lease.run().withCommit(mine.step());
    next.counters = new Counters(lease.counters().attempts(), 0, 0, 0);
    extendLease(next, lease, e.now());
    return accept(
        next, e.now(), Edge.COMMITTED, "step " + mine.step(), announce("CheckpointCommitted"));
  }

  /**
   * The first save of an attempt that is behind the pointer it was given shows that the script did
   * not resume.
   */
  private static Decision stepNotNewer(Lease lease, Commit e) {
    var behind = lease.pointer().filter(p -> p.epoch() < lease.epoch()).isPresent();
    if (!behind || lease.run().didNotResume()) {
      return ignore(Why.STEP_NOT_NEWER);
    }
    var next = lease.edit();
    next.run = lease.run().notResumed();
    extendLease(next, lease, e.now());
    return accept(
        next,
        e.now(),
        Edge.DID_NOT_RESUME,
        "saved step " + e.pointer().step() + ", resumed from step " + lease.pointer().get().step());
  }

  private static Decision condemn(Lease lease, Condemn e) {
    if (lease.pointer().isEmpty() || !lease.pointer().get().same(e.damaged())) {
      return ignore(Why.POINTER_MOVED);
    }
    if (e.replacement().isPresent()
        && lease.earlier().stream().noneMatch(p -> p.same(e.replacement().get()))) {
      return ignore(Why.POINTER_MOVED);
    }
    var next = lease.edit();
    next.pointer = e.replacement();
    var keep =
        e.replacement()
            .map(r -> lease.earlier().stream().filter(p -> p.step() < r.step()).toList());
    next.earlier = new ArrayList<>(keep.orElse(List.of()));
    next.condemned = Optional.of(e.damaged());
    next.run = lease.run().registered(e.replacement().map(p -> p.step()));
    extendLease(next, lease, e.now());
    return accept(next, e.now(), Edge.CONDEMNED, "step " + e.damaged().step() + ": " + e.problem());
  }

  private static Decision suspect(Lease lease, Suspect e) {
    var moved = moved(lease, e.epoch(), e.seenSequence());
    if (moved.isPresent()) {
      return moved.get();
    }
    if (lease.graceEnd().isPresent()) {
      return ignore(Why.GRACE_RUNNING);
    }
    if (lease.deadline().isEmpty() || lease.deadline().get().isAfter(e.now())) {
      return ignore(Why.DEADLINE_NOT_PASSED);
    }
    var next = lease.edit();
    next.graceEnd = Optional.of(e.graceEnd());
    return accept(
        next,
        e.now(),
        Edge.SUSPECTED,
        "silent, provider says running; grace until " + e.graceEnd());
  }

  private static Decision extend(Lease lease, Extend e) {
    var moved = moved(lease, e.epoch(), e.seenSequence());
    if (moved.isPresent()) {
      return moved.get();
    }
    var next = lease.edit();
    next.deadline = Optional.of(e.until());
    return accept(next, e.now(), Edge.EXTENDED, e.reason());
  }

  private static Decision stall(Lease lease, Stall e) {
    if (e.epoch() == lease.epoch() && lease.run().stalledAt().isPresent()) {
      return new Recognised(lease);
    }
    var moved = moved(lease, e.epoch(), e.seenSequence());
    if (moved.isPresent()) {
      return moved.get();
    }
    var stepAt = lease.run().stepAt();
    if (stepAt.isEmpty() || stepAt.get().plus(LEAST_STALL).isAfter(e.now())) {
      return ignore(Why.STEP_ADVANCED);
    }
    var next = lease.edit();
    var run = lease.run().edit();
    run.stalledAt = Optional.of(e.now());
    next.run = run.build();
    return accept(next, e.now(), Edge.STALLED, e.detail());
  }

  // ------------------------------------------------------------------ the attempt ends

  private static Decision fence(Lease lease, Fence e) {
    var own = ownFence(lease, e);
    if (own instanceof Recognised) {
      return own;
    }
    var moved = moved(lease, e.epoch(), e.seenSequence());
    if (moved.isPresent()) {
      return moved.get();
    }
    if (!holds(lease, e)) {
      return ignore(Why.DEADLINE_NOT_PASSED);
    }
    var next = lease.edit();
    next.machineSuspect = e.counts() && mayBeTheMachines(lease, e);
    return closeEpoch(
        lease,
        e.now(),
        e.outcome(),
        e.detail(),
        e.counts(),
        e.fenceId(),
        Ending.FROM_OUTSIDE,
        next);
  }

  /** What was taken away says nothing of its machine; what fell silent where nothing is, does. */
  private static boolean mayBeTheMachines(Lease lease, Fence e) {
    var silent = e.cause() == FenceCause.SILENCE;
    return switch (e.outcome()) {
      case UNHEALTHY, STALLED -> true;
      case NEVER_STARTED -> silent;
      case LOST ->
          silent && lease.currentLaunch().filter(l -> l.pricing().equals("on-demand")).isPresent();
      case SUCCEEDED, FAILED, RECLAIMED, CANCELLED -> false;
    };
  }

  private static boolean mayBeTheMachines(Outcome outcome) {
    return outcome == Outcome.UNHEALTHY || outcome == Outcome.STALLED;
  }

  /** True when the item itself agrees with the cause that the fencer claims. */
  private static boolean holds(Lease lease, Fence e) {
    return switch (e.cause()) {
      case SILENCE ->
          lease.deadline().isPresent()
              && !lease.deadline().get().isAfter(e.now())
              && (lease.graceEnd().isEmpty() || !lease.graceEnd().get().isAfter(e.now()));
      case DRAIN_OVER -> lease.drainEnd().isPresent() && !lease.drainEnd().get().isAfter(e.now());
      case STALLED ->
          lease
              .run()
              .stalledAt()
              .filter(at -> lease.run().afterStall() || !at.plus(RESTART_LIMIT).isAfter(e.now()))
              .isPresent();
      case CONFIRMED -> lease.launches().stream().anyMatch(l -> l.instanceId().isPresent());
      case COPIED_TOKEN -> lease.bound().isPresent();
    };
  }

  private static Decision ownFence(Lease lease, Fence e) {
    var mine = lease.closedBy().filter(e.fenceId()::equals).isPresent();
    return mine
        ? new Recognised(lease)
        : ignore(lease.state().isFinal() ? Why.JOB_ENDED : Why.EPOCH_MOVED);
  }

  private static Decision nextEpoch(Lease lease, NextEpoch e) {
    if (e.token().matches(e.nextToken())) {
      return ignore(Why.WRONG_TOKEN);
    }
    var launch = lease.boundLaunch().orElseThrow();
    var next = lease.edit();
    next.run = lease.run().ended(e.firstStep(), e.lastStep());
    next.machineSuspect = mayBeTheMachines(e.outcome());
    var closed =
        closeEpoch(lease, e.now(), e.outcome(), e.detail(), true, ownId(e), Ending.IN_PLACE, next);
    if (!(closed instanceof Accepted accepted) || accepted.next().state().isFinal()) {
      return closed;
    }
    next.state = JobState.STARTING;
    next.dueAt = Optional.empty();
    next.put(launch.inEpoch(lease.epoch() + 1));
    next.bound = Optional.of(launch.number());
    next.nextLaunch = launch.number() + 1;
    next.token = Optional.of(e.nextToken());
    next.deadline = Optional.of(e.now().plusSeconds(launch.leaseSeconds()));
    var run = Run.begin(e.now()).registered(lease.pointer().map(p -> p.step())).edit();
    run.afterStall = e.outcome() == Outcome.STALLED || lease.run().afterStall();
    next.run = run.build();
    return accepted(
        next,
        Edge.RESTARTED_IN_PLACE,
        List.of(announce("AttemptFenced"), announce("AttemptStarted"), new Effect.Watch()));
  }

  private static Decision exit(Lease lease, Exit e) {
    var next = lease.edit();
    next.run = lease.run().ended(e.firstStep(), e.lastStep());
    next.machineSuspect = mayBeTheMachines(e.outcome());
    next.closedBy = Optional.of(ownId(e));
    return switch (e.outcome()) {
      case SUCCEEDED -> {
        next.exitCode = e.exitCode();
        finish(
            next,
            lease,
            e.now(),
            JobState.SUCCEEDED,
            Outcome.SUCCEEDED,
            Optional.empty(),
            e.detail());
        yield accept(
            next,
            e.now(),
            Edge.SUCCEEDED,
            "the program ended by itself",
            finalEffects(lease, "JobSucceeded"));
      }
      case FAILED -> {
        next.exitCode = e.exitCode();
        finish(
            next,
            lease,
            e.now(),
            JobState.FAILED,
            Outcome.FAILED,
            Optional.of(e.reason()),
            e.detail());
        yield accept(
            next,
            e.now(),
            Edge.FAILED,
            e.reason() + ": " + e.detail(),
            finalEffects(lease, "JobFailed"));
      }
      case LOST, RECLAIMED, UNHEALTHY, STALLED, CANCELLED, NEVER_STARTED ->
          closeEpoch(
              lease, e.now(), e.outcome(), e.detail(), true, ownId(e), Ending.BY_ITSELF, next);
    };
  }

  private enum Ending {
    FROM_OUTSIDE,
    BY_ITSELF,
    IN_PLACE
  }

  /** Ends the epoch: the next one is due, unless a limit says that the job ends here. */
  private static Decision closeEpoch(
      Lease lease,
      Instant now,
      Outcome outcome,
      String detail,
      boolean counts,
      String closedBy,
      Ending ending,
      LeaseDraft next) {
    // A step that is told was made, even where the end overtook the beat that says "running".
    var started = lease.run().programStarted() || next.run.firstStep().isPresent();
    var old = lease.counters();
    var noProgress =
        lease.run().committed() ? 0 : started && counts ? old.noProgress() + 1 : old.noProgress();
    var neverStarted = started ? 0 : old.neverStarted() + (counts ? 1 : 0);
    next.counters = new Counters(old.attempts() + (counts ? 1 : 0), noProgress, neverStarted, 0);
    next.closedBy = Optional.of(closedBy);
    var outside = ending == Ending.FROM_OUTSIDE;
    if (!lease.policy().failover()) {
      return giveUp(
          next,
          lease,
          now,
          outcome,
          detail,
          "single_attempt_lost",
          "the only attempt was lost ("
              + detail
              + ") and failover is off; `vl resume` goes on from the last checkpoint",
          outside ? Edge.FENCED_NO_FAILOVER : Edge.ENDED_NO_FAILOVER);
    }
    if (lease.policy().maxAttempts() > 0
        && next.counters.attempts() >= lease.policy().maxAttempts()) {
      return giveUp(
          next,
          lease,
          now,
          outcome,
          detail,
          "max_attempts",
          "all "
              + lease.policy().maxAttempts()
              + " attempts allowed are used up, the last: "
              + detail,
          outside ? Edge.FENCED_MAX_ATTEMPTS : Edge.ENDED_MAX_ATTEMPTS);
    }
    if (noProgress >= MOST_WITHOUT_PROGRESS) {
      return giveUp(
          next,
          lease,
          now,
          outcome,
          detail,
          "no_progress",
          MOST_WITHOUT_PROGRESS
              + " attempts in a row committed no new step; save checkpoints to $VAULTLAYER_CHECKPOINT_DIR"
              + " (checkpoint-<step>) more often than the instance is lost, then `vl resume`",
          outside ? Edge.FENCED_NO_PROGRESS : Edge.ENDED_NO_PROGRESS);
    }
    if (neverStarted >= MOST_NEVER_STARTED) {
      return giveUp(
          next,
          lease,
          now,
          outcome,
          detail,
          "never_started",
          MOST_NEVER_STARTED
              + " attempts in a row ended before the program started, the last: "
              + detail,
          outside ? Edge.FENCED_NEVER_STARTED : Edge.ENDED_NEVER_STARTED);
    }
    close(next, lease, now, outcome, detail);
    next.epoch = lease.epoch() + 1;
    next.state = JobState.RECOVERING;
    next.dueAt = Optional.of(now.plus(backoff(neverStarted)));
    next.run = Run.begin(now);
    lease.successor().ifPresent(s -> hand(next, now, s));
    var effects =
        new ArrayList<Effect>(List.of(announce("AttemptFenced"), announce("ResumeRequested")));
    lease.launches().stream()
        .filter(l -> l.epoch() <= lease.epoch())
        .forEach(l -> effects.add(new Effect.Reap(l.label())));
    var edge =
        switch (ending) {
          case FROM_OUTSIDE -> Edge.FENCED;
          case BY_ITSELF -> Edge.LOST;
          case IN_PLACE -> Edge.RESTARTED_IN_PLACE;
        };
    if (ending == Ending.IN_PLACE) {
      next.state = JobState.STARTING;
    }
    return accept(
        next, now, edge, outcome.wireName() + ": " + detail, effects.toArray(Effect[]::new));
  }

  /** The declared successor takes over: it may register from this write on. */
  private static void hand(LeaseDraft next, Instant now, LaunchRecord successor) {
    next.put(successor);
    next.nextLaunch = successor.number() + 1;
    var exists = successor.instanceId().isPresent();
    next.state = exists ? JobState.STARTING : JobState.PLACING;
    next.deadline = exists ? Optional.of(successor.expiresAt()) : Optional.empty();
    next.dueAt = exists ? Optional.empty() : Optional.of(now);
  }

  private static Decision giveUp(
      LeaseDraft next,
      Lease lease,
      Instant now,
      Outcome outcome,
      String attemptDetail,
      String reason,
      String detail,
      Edge edge) {
    finish(next, lease, now, JobState.FAILED, outcome, Optional.of(reason), attemptDetail);
    next.detail = Optional.of(detail);
    return accept(next, now, edge, detail, finalEffects(lease, "JobFailed"));
  }

  private static Decision cancel(Lease lease, Cancel e) {
    var next = lease.edit();
    finish(
        next,
        lease,
        e.now(),
        JobState.CANCELLED,
        Outcome.CANCELLED,
        Optional.of(e.reason()),
        e.detail());
    return accept(next, e.now(), Edge.CANCELLED, e.detail(), finalEffects(lease, "JobCancelled"));
  }

  private static Decision stop(Lease lease, Stop e) {
    var next = lease.edit();
    finish(
        next,
        lease,
        e.now(),
        JobState.STOPPED,
        Outcome.CANCELLED,
        Optional.of(e.reason()),
        e.detail());
    return accept(next, e.now(), Edge.STOPPED, e.detail(), finalEffects(lease, "JobStopped"));
  }

  private static Decision resume(Lease lease, Resume e) {
    if (lease.state() == JobState.SUCCEEDED) {
      return ignore(Why.JOB_SUCCEEDED);
    }
    if (e.seenEpoch() != lease.epoch()) {
      return ignore(Why.EPOCH_MOVED);
    }
    if (!lease.armed()) {
      return ignore(Why.NOT_ARMED);
    }
    var next = lease.edit();
    next.epoch = lease.epoch() + 1;
    next.state = JobState.QUEUED;
    next.dueAt = Optional.of(e.now());
    next.counters = Counters.ZERO;
    next.reason = Optional.empty();
    next.detail = Optional.empty();
    next.exitCode = Optional.empty();
    next.endedAt = Optional.empty();
    next.run = Run.begin(e.now());
    return accept(next, e.now(), Edge.RESUMED, "asked by the user", announce("ProvisionRequested"));
  }

  private static Decision settle(Lease lease, Settle e) {
    var next = lease.edit();
    next.settleUpTo(e.upTo());
    var finished = lease.state().isFinal() && lease.dueAt().isPresent() && next.journal().isEmpty();
    if (!finished && next.journal().size() == lease.journal().size()) {
      return ignore(Why.NOTHING_TO_SETTLE);
    }
    if (finished) {
      next.dueAt = Optional.empty();
    }
    return accept(next, Edge.SETTLED);
  }

  // ------------------------------------------------------------------ shared pieces

  private static Optional<Decision> notTheOwner(Lease lease, ByOwner e) {
    if (e.epoch() == lease.epoch() && lease.token().isPresent()) {
      return lease.token().get().matches(e.token())
          ? Optional.empty()
          : Optional.of(ignore(Why.WRONG_TOKEN));
    }
    return Optional.of(ownEnding(lease, e) ? new Recognised(lease) : ignore(Why.FENCED));
  }

  /** A retry of the write that closed the caller's own epoch: the closed epoch carries its id. */
  private static boolean ownEnding(Lease lease, ByOwner e) {
    return switch (e) {
      case NextEpoch next ->
          lease.closedBy().filter(ownId(next)::equals).isPresent()
              && (lease.state().isFinal()
                  || lease.token().filter(next.nextToken()::matches).isPresent());
      case Exit exit -> lease.closedBy().filter(ownId(exit)::equals).isPresent();
      case Heartbeat _, Reclaim _, Commit _, Condemn _ -> false;
    };
  }

  private static String ownId(ByOwner e) {
    return "e" + e.epoch() + ":" + e.token().hex().substring(0, 16);
  }

  private static Optional<Decision> moved(Lease lease, int epoch, long seenSequence) {
    if (epoch != lease.epoch()) {
      return Optional.of(ignore(Why.EPOCH_MOVED));
    }
    return seenSequence == lease.sequence()
        ? Optional.empty()
        : Optional.of(ignore(Why.SEQUENCE_MOVED));
  }

  private static boolean isNewer(Lease lease, long step) {
    return lease.pointer().isEmpty() || step > lease.pointer().get().step();
  }

  /** What is shared with another checkpoint is kept only as long as that one is. */
  private static boolean isStill(Lease lease, Optional<Pointer> base) {
    return base.isEmpty() || lease.pointer().filter(p -> p.same(base.get())).isPresent();
  }

  private static void moveForward(LeaseDraft next, Lease lease, Pointer pointer) {
    lease.pointer().ifPresent(old -> next.earlier.addFirst(old));
    next.pointer = Optional.of(pointer);
    next.committed = Optional.of(pointer);
  }

  /** Every accepted agent operation extends the lease and withdraws a suspicion. */
  private static void extendLease(LeaseDraft next, Lease lease, Instant now) {
    int seconds = lease.boundLaunch().map(LaunchRecord::leaseSeconds).orElseThrow();
    next.deadline = Optional.of(now.plusSeconds(seconds));
    next.graceEnd = Optional.empty();
  }

  private static void close(
      LeaseDraft next, Lease lease, Instant now, Outcome outcome, String detail) {
    if (!lease.launches().isEmpty()) {
      var run = next.run;
      next.closed =
          Optional.of(
              new io.vaultlayer.core.lease.ClosedAttempt(
                  lease.epoch(),
                  lease.currentLaunch(),
                  run.startedAt(),
                  now,
                  outcome,
                  detail,
                  run.firstStep(),
                  run.step(),
                  run.resumedFrom(),
                  next.machineSuspect));
    }
    next.launches = new ArrayList<>();
    next.nextLaunch = nextEpochsFirst(lease);
    next.bound = Optional.empty();
    next.token = Optional.empty();
    next.claim = Optional.empty();
    next.deadline = Optional.empty();
    next.graceEnd = Optional.empty();
    next.drainEnd = Optional.empty();
  }

  /**
   * Successors were declared under labels of the next epoch. Its launches go on counting after
   * them: a label is never used twice, and the instance item would refuse it for ever.
   */
  private static int nextEpochsFirst(Lease lease) {
    var declared = lease.state() == JobState.SAVING && declaredSuccessors(lease) > 0;
    return declared ? lease.nextLaunch() : 1;
  }

  private static void finish(
      LeaseDraft next,
      Lease lease,
      Instant now,
      JobState state,
      Outcome outcome,
      Optional<String> reason,
      String detail) {
    close(next, lease, now, outcome, detail);
    next.state = state;
    next.reason = reason;
    next.detail = Optional.of(detail);
    next.endedAt = Optional.of(now);
    next.dueAt = Optional.of(now);
  }

  private static Effect[] finalEffects(Lease lease, String detailType) {
    var effects = new ArrayList<Effect>();
    effects.add(announce(detailType));
    lease.launches().forEach(l -> effects.add(new Effect.Reap(l.label())));
    effects.add(new Effect.Settle());
    return effects.toArray(Effect[]::new);
  }

  /** Attempts that never started are tried again ever more slowly; real losses at once. */
  private static Duration backoff(int neverStarted) {
    return neverStarted < 2 ? Duration.ZERO : Duration.ofSeconds(Math.min(300, 1L << neverStarted));
  }

  private static Effect.Announce announce(String detailType) {
    return new Effect.Announce(detailType);
  }

  private static Ignored ignore(Why why) {
    return new Ignored(why);
  }

  private static Accepted accept(
      LeaseDraft next, Instant now, Edge edge, String why, Effect... effects) {
    next.record(now, edge, why);
    return accepted(next, edge, List.of(effects));
  }

  /** For moves that happen all the time and are no decision worth a row: beats and settling. */
  private static Accepted accept(LeaseDraft next, Edge edge) {
    return accepted(next, edge, List.of());
  }

  private static Accepted accepted(LeaseDraft next, Edge edge, List<Effect> effects) {
    next.follow(effects.stream().map(Effect::told).toList());
    return new Accepted(edge, next.build(), effects);
  }
}
