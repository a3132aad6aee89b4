package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.api.AttemptClient;
import io.vaultlayer.agent.checkpoint.CheckpointPipeline;
import io.vaultlayer.agent.checkpoint.OpenFiles;
import io.vaultlayer.agent.checkpoint.Restored;
import io.vaultlayer.agent.checkpoint.Scope;
import io.vaultlayer.agent.gpu.GpuMonitor;
import io.vaultlayer.agent.hook.Hook;
import io.vaultlayer.agent.hook.Unreached;
import io.vaultlayer.agent.host.Child;
import io.vaultlayer.agent.host.Ending;
import io.vaultlayer.agent.host.OomRecord;
import io.vaultlayer.agent.lease.Credentials;
import io.vaultlayer.agent.lease.Heartbeats;
import io.vaultlayer.agent.lease.Lease;
import io.vaultlayer.agent.logs.LogShipper;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.S3Objects;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.agent.s3.Throttle;
import io.vaultlayer.agent.work.TrainingEnvironment;
import io.vaultlayer.core.cadence.Lifetimes;
import io.vaultlayer.core.cadence.Rhythm;
import io.vaultlayer.core.end.HardwareSign;
import io.vaultlayer.wire.AttemptApi;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One epoch on this instance. {@link #run} reads from top to bottom as the attempt goes: work
 * directory, checkpoint, setup, command, waiting, end.
 */
public final class Attempt {
  private final Host host;
  private final AttemptApi.Assignment assignment;
  private final AttemptClient client;
  private final Lease lease;
  private final Credentials credentials;
  private final Heartbeats heartbeats;
  private final Watch watch;
  private final LogShipper logs;
  private final Stop stop = new Stop();

  /** The saves have a switch of their own: a last save that takes too long is cut by it. */
  private final Stop savesStop = new Stop();

  /** One for all that goes out: output, checkpoints, results. */
  private final Throttle uploads;

  private final ObjectStore store;
  private final GpuMonitor gpus;
  private final Bulletin bulletin;
  private final Hook hook;
  private final AtomicBoolean fenced = new AtomicBoolean();
  private final AtomicBoolean stalled = new AtomicBoolean();

  /** Set before the last call: from then on that call's answer decides, not a beat's. */
  private final AtomicBoolean lastCall = new AtomicBoolean();

  private volatile Optional<CheckpointPipeline> pipeline = Optional.empty();

  /**
   * @param sentAt when the call that this assignment answers was sent: the lease began no earlier
   */
  public Attempt(Host host, AttemptApi.Assignment assignment, AttemptClient client, long sentAt) {
    this.host = host;
    this.assignment = assignment;
    this.client = client;
    this.lease =
        new Lease(
            host.clocks(),
            sentAt,
            Duration.ofSeconds(assignment.leaseSeconds()),
            Duration.ofSeconds(assignment.parkSeconds()),
            Duration.ofSeconds(assignment.deadManSeconds()));
    this.credentials = new Credentials(host.clocks(), assignment.credentials());
    this.gpus = GpuMonitor.of(host.environment(), host.places().own());
    this.bulletin = new Bulletin(host.places(), assignment.epoch(), host.clocks(), gpus);
    this.uploads = UploadRate.of(assignment.environment(), bulletin::warn);
    this.store = written(stop);
    this.hook = new Hook(host.places().hook(assignment.epoch()), host.log(), bulletin::warn);
    bulletin.hears(hook);
    this.heartbeats =
        new Heartbeats(
            new Heartbeats.Parts(
                client,
                lease,
                credentials,
                host.state()::nextBeat,
                this::beat,
                this::fenced,
                this::stalled,
                host.clocks(),
                host.log()),
            assignment.beatSeconds(),
            assignment.leaseSeconds());
    this.watch = new Watch(lease, host.tree(), heartbeats::now, this::dead, host.log());
    this.logs =
        new LogShipper(
            new LogShipper.Parts(
                assignment.job(),
                assignment.epoch(),
                host.places().output(assignment.epoch()),
                store,
                lease::held,
                heartbeats::intervalSeconds,
                host.clocks(),
                host.log()));
  }

  public Outcome run() throws InterruptedException {
    host.log().event("attempt", Map.of("job", assignment.job(), "epoch", assignment.epoch()));
    heartbeats.start();
    watch.start();
    logs.start();
    gpus.start();
    try {
      return lead();
    } catch (Preparation.Failed e) {
      return closing().close(e.exit());
    } catch (StoreException.Stopped e) {
      return waitForTheReason();
    } finally {
      stop.pull();
      savesStop.pull();
      heartbeats.stop();
      watch.stop();
      logs.stop();
      gpus.stop();
      // However it ended: no process of an attempt outlives it.
      host.tree().kill();
    }
  }

  private Outcome lead() throws Preparation.Failed, StoreException.Stopped, InterruptedException {
    Scope scope =
        new Scope(
            assignment.job(),
            assignment.epoch(),
            TrainingEnvironment.kept(assignment, host.places()),
            host.places().own());
    var preparation =
        new Preparation(
            host,
            assignment,
            client,
            new S3Objects(credentials, stop),
            stop,
            this::fenced,
            this::warn,
            scope);
    preparation.work();
    Unreached.by(assignment.command()).ifPresent(this::warn);
    // Both take long and neither needs the other: one waits for the bucket, one for package
    // indexes.
    var restoring = Restoring.start(preparation);
    try {
      if (assignment.setup() != null && !assignment.setup().isBlank()) {
        if (host.inbox().noticed()) {
          return closing().close(reports().reclaimed(null, null, "notice before the start"));
        }
        phase("setup");
        OomRecord memory = OomRecord.start();
        Launch launch = launch(Optional.empty());
        Child setup = begun(launch.setup(assignment.setup()));
        Optional<Outcome> over = ending().afterSetup(setup, launch, memory);
        if (over.isPresent()) {
          return over.get();
        }
      }
      phase("restoring");
      Preparation.Ready ready = restoring.await();
      bulletin.startsFrom(ready.restored().map(Restored::step).orElse(0L));
      if (host.inbox().noticed()) {
        return closing().close(reports().reclaimed(null, null, "notice before the start"));
      }
      return train(scope, ready, launch(ready.restored()));
    } catch (Child.NotStarted e) {
      return closing().close(reports().failed("program_not_found", null, null, e.getMessage()));
    } catch (StoreException.Stopped e) {
      throw e;
    } catch (IOException e) {
      return closing().close(reports().unhealthy("starting: " + e.getMessage()));
    }
  }

  private Launch launch(Optional<Restored> restored) {
    Map<String, String> environment =
        TrainingEnvironment.of(
            assignment, host.places(), host.label(), restored, host.environment());
    return new Launch(host.places(), assignment.epoch(), environment);
  }

  /** The bucket for whoever writes to it, with a switch. */
  private ObjectStore written(Stop until) {
    return new S3Objects(new WhileHeld(lease, credentials, until), until, uploads);
  }

  private Outcome train(Scope scope, Preparation.Ready ready, Launch launch)
      throws Child.NotStarted, IOException, InterruptedException {
    OomRecord memory = OomRecord.start();
    var running =
        new CheckpointPipeline(
            new CheckpointPipeline.Parts(
                scope,
                ready.pointer(),
                ready.restored(),
                written(savesStop),
                savesStop,
                new PlaneCommits(client, lease, this::fenced),
                new OpenFiles(
                    () -> host.tree().members().stream().mapToLong(Integer::longValue).toArray()),
                bulletin));
    // Before the script: what lies there now is not its work.
    running.start();
    pipeline = Optional.of(running);
    bulletin.saves(running);
    Child child = begun(launch.command(assignment.command()));
    phase("running");
    var saves = saves(running);
    saves.start();
    try {
      return ending().afterTraining(child, new Training(running, saves), memory);
    } finally {
      saves.stop();
    }
  }

  private Saves saves(CheckpointPipeline running) {
    double mtbf =
        assignment.placeMtbfSeconds() == null
            ? Lifetimes.SPOT_SECONDS
            : assignment.placeMtbfSeconds();
    var parts =
        new Saves.Parts(
            hook, bulletin::step, running::status, lease::held, host.clocks(), host.log());
    return new Saves(parts, Rhythm.of(Optional.ofNullable(assignment.checkpointEvery()), mtbf));
  }

  /** Notes a child for an agent that may follow this one, and has its end told to the inbox. */
  private Child begun(Child child) throws IOException {
    host.state().training(child);
    Thread.ofPlatform()
        .name("await-" + child.pid())
        .daemon()
        .start(() -> {
          Ending ending = child.await();
          host.inbox().put(new Happening.Ended(ending));
        });
    return child;
  }

  private AttemptEnd ending() {
    return new AttemptEnd(this, host, assignment, client, store, stop, closing());
  }

  private Closing closing() {
    return new Closing(this, host, client, logs);
  }

  /** The bucket was closed to us: whoever did it has told, or is about to tell, the inbox. */
  private Outcome waitForTheReason() throws InterruptedException {
    while (true) {
      switch (host.inbox().take()) {
        case Happening.Fenced(var message) -> {
          return new Outcome.Fenced(message);
        }
        case Happening.Dead() -> {
          return new Outcome.Dead();
        }
        case Happening.Ended ended -> {}
        case Happening.Notice notice -> {}
        case Happening.Stalled stall -> {}
      }
    }
  }

  private AttemptApi.Heartbeat beat(long number) {
    hook.look();
    return bulletin.beat(number);
  }

  void phase(String next) {
    bulletin.phase(next);
    heartbeats.now();
  }

  /** From now on the answer to the last call decides; beats go on until it has come. */
  void lastCall() {
    lastCall.set(true);
  }

  /** The attempt is no longer ours. Called on whichever thread hears it first. */
  void fenced(String message) {
    if (lastCall.get() || !fenced.compareAndSet(false, true)) {
      return;
    }
    // First of all the news, so that the death that follows is not taken for a loss.
    host.inbox().put(new Happening.Fenced(message));
    stopWriting();
    host.tree().kill();
    host.log()
        .event(
            "fenced",
            Map.of(
                "epoch",
                assignment.epoch(),
                "message",
                "fenced: epoch " + assignment.epoch() + " is no longer ours; stopping",
                "answer",
                "" + message));
  }

  /** Asked for with every beat until the next epoch begins; heard once. */
  private void stalled() {
    if (stalled.compareAndSet(false, true)) {
      host.inbox().put(new Happening.Stalled());
    }
  }

  /** The dead-man: as after a fence, but nobody has told us. */
  private void dead() {
    host.inbox().put(new Happening.Dead());
    stopWriting();
    host.tree().kill();
  }

  private void stopWriting() {
    stop.pull();
    savesStop.pull();
    pipeline.ifPresent(CheckpointPipeline::stopNewUploads);
    logs.stop();
  }

  boolean writesNothing() {
    return stop.isPulled();
  }

  boolean held() {
    return lease.held();
  }

  void warn(String text) {
    bulletin.warn(text);
    host.log().event("warning", Map.of("text", text));
  }

  /** Whether the GPUs gave way, by one look more. */
  Optional<HardwareSign> brokenGpu() {
    return gpus.atTheEnd();
  }

  /** Newest steps, for a report. */
  Reports reports() {
    hook.look();
    return bulletin.reports();
  }
}
