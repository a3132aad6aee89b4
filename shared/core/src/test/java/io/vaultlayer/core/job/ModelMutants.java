package io.vaultlayer.core.job;

import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.Decision.Ignored;
import io.vaultlayer.core.job.Decision.Recognised;
import io.vaultlayer.core.job.JobEvent.ByOwner;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseDraft;
import io.vaultlayer.core.lease.TokenHash;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The machine with one look left out, or a careless world around it. Where several looks protect
 * the same thing, one alone left out breaks nothing; the mutant then leaves out all of them, and
 * says so.
 */
record ModelMutants(String name, Machine machine, ModelFaults faults, ModelBounds bounds) {
  @Override
  public String toString() {
    return name;
  }

  private static final ModelBounds PLAIN = new ModelBounds(2, 2, 2, 1, 0, 0, 0, false);
  private static final ModelBounds ENDS = new ModelBounds(2, 2, 1, 1, 1, 1, 0, false);
  private static final ModelBounds ROTS = new ModelBounds(2, 2, 2, 1, 0, 0, 1, false);
  private static final ModelBounds MOVES = new ModelBounds(2, 2, 1, 1, 0, 0, 0, true);

  private static ModelMutants of(String name, ModelBounds bounds, Machine machine) {
    return new ModelMutants(name, machine, ModelFaults.NONE, bounds);
  }

  static List<ModelMutants> all() {
    return List.of(
        of("an agent of any epoch is believed", PLAIN, ModelMutants::anyEpoch),
        of("any token is believed", PLAIN, ModelMutants::anyToken),
        of("the step of a commit is not looked at", PLAIN, ModelMutants::anyStep),
        of("a fence does not look at the sequence", PLAIN, ModelMutants::fenceAnySequence),
        of("a fence looks at the epoch alone", ENDS, ModelMutants::fenceAnyState),
        of("the end keeps the token, and a commit no state", ENDS, ModelMutants::commitAnyState),
        of("register does not look at the bound launch", PLAIN, ModelMutants::bindAgain),
        of("a write tried again is not recognised", PLAIN, ModelMutants::forgetful),
        of("salvage does not look at the bound launch", PLAIN, ModelMutants::salvageAnyTime),
        of("a running attempt condemns its own commit", ROTS, ModelMutants::condemnAnyTime),
        of("a draining host restarts in place", MOVES, ModelMutants::restartWhileDraining),
        new ModelMutants(
            "a commit does not look at the manifest",
            JobMachine::decide,
            new ModelFaults(true, false),
            PLAIN),
        new ModelMutants(
            "an attempt resumes from the newest in the bucket",
            JobMachine::decide,
            new ModelFaults(false, true),
            PLAIN));
  }

  private static Decision anyEpoch(Lease lease, JobEvent event) {
    return event instanceof ByOwner e && e.epoch() < lease.epoch() && lease.token().isPresent()
        ? JobMachine.decide(lease, Retold.as(lease.epoch(), lease.token().get(), e))
        : JobMachine.decide(lease, event);
  }

  private static Decision anyToken(Lease lease, JobEvent event) {
    return event instanceof ByOwner e && e.epoch() == lease.epoch() && lease.token().isPresent()
        ? JobMachine.decide(lease, Retold.by(lease.token().get(), e))
        : JobMachine.decide(lease, event);
  }

  private static Decision anyStep(Lease lease, JobEvent event) {
    return event instanceof JobEvent.Commit
        ? JobMachine.decide(changed(lease, d -> d.pointer = Optional.empty()), event)
        : JobMachine.decide(lease, event);
  }

  private static JobEvent.Fence seenNow(Lease lease, JobEvent.Fence e) {
    return new JobEvent.Fence(
        e.now(),
        e.epoch(),
        lease.sequence(),
        e.fenceId(),
        e.cause(),
        e.outcome(),
        e.detail(),
        e.counts());
  }

  private static Decision fenceAnySequence(Lease lease, JobEvent event) {
    return JobMachine.decide(lease, event instanceof JobEvent.Fence e ? seenNow(lease, e) : event);
  }

  private static Decision fenceAnyState(Lease lease, JobEvent event) {
    return event instanceof JobEvent.Fence e && lease.state().isFinal()
        ? JobMachine.decide(awake(lease, JobState.RUNNING), seenNow(lease, e))
        : JobMachine.decide(lease, event);
  }

  private static Decision commitAnyState(Lease lease, JobEvent event) {
    if (!(event instanceof JobEvent.Commit e)
        || !lease.state().isFinal()
        || e.epoch() != lease.epoch()) {
      return JobMachine.decide(lease, event);
    }
    var alive = changed(awake(lease, JobState.RUNNING), d -> own(d, e.epoch(), e.token()));
    return JobMachine.decide(alive, event);
  }

  private static void own(LeaseDraft draft, int epoch, TokenHash token) {
    draft.put(ModelWorld.launch(epoch, 1));
    draft.bound = Optional.of(1);
    draft.token = Optional.of(token);
  }

  private static Lease awake(Lease lease, JobState state) {
    return changed(
        lease,
        d -> {
          d.state = state;
          d.deadline = Optional.of(ModelWorld.NOON);
        });
  }

  private static Decision bindAgain(Lease lease, JobEvent event) {
    var again =
        event instanceof JobEvent.Register e
            && e.epoch() == lease.epoch()
            && lease.token().filter(e.token()::matches).isEmpty();
    if (!again || !lease.state().isWatched()) {
      return JobMachine.decide(lease, event);
    }
    var unbound =
        changed(
            lease,
            d -> {
              d.state = JobState.STARTING;
              d.bound = Optional.empty();
              d.token = Optional.empty();
            });
    return JobMachine.decide(unbound, event);
  }

  private static Decision forgetful(Lease lease, JobEvent event) {
    var decision = JobMachine.decide(lease, event);
    return decision instanceof Recognised
        ? new Ignored(event instanceof JobEvent.Register ? Why.BOOTSTRAP_COPIED : Why.FENCED)
        : decision;
  }

  private static Decision salvageAnyTime(Lease lease, JobEvent event) {
    if (!(event instanceof JobEvent.Salvage e)
        || lease.bound().isEmpty()
        || lease.pointer().filter(p -> p.step() >= e.pointer().step()).isPresent()) {
      return JobMachine.decide(lease, event);
    }
    var next = lease.edit();
    next.pointer = Optional.of(e.pointer());
    return new Accepted(Edge.SALVAGED, next.build(), List.of());
  }

  private static Decision condemnAnyTime(Lease lease, JobEvent event) {
    return as(JobState.STARTING, lease, event, event instanceof JobEvent.Condemn);
  }

  private static Decision restartWhileDraining(Lease lease, JobEvent event) {
    var draining = lease.state() == JobState.SAVING && event instanceof JobEvent.NextEpoch;
    return draining
        ? JobMachine.decide(changed(lease, d -> d.state = JobState.RUNNING), event)
        : JobMachine.decide(lease, event);
  }

  /** Decides as if the job were in another state, and leaves it in its own. */
  private static Decision as(JobState state, Lease lease, JobEvent event, boolean applies) {
    if (!applies || !lease.state().isWatched()) {
      return JobMachine.decide(lease, event);
    }
    var decision = JobMachine.decide(changed(lease, d -> d.state = state), event);
    return decision instanceof Accepted accepted
        ? new Accepted(
            accepted.edge(),
            changed(accepted.next(), d -> d.state = lease.state()),
            accepted.effects())
        : decision;
  }

  /** The same lease with something else in it, under the same sequence. */
  private static Lease changed(Lease lease, Consumer<LeaseDraft> change) {
    var draft = lease.draftAt(lease.sequence());
    change.accept(draft);
    return draft.build();
  }
}
