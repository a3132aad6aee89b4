package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Plane.Reply;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The agent's protocol as the agent module speaks it: register, beat, restore with a look at every
 * digest, train, save, commit, end, restart in place, drain; park when the lease lapses, end when
 * nobody answers for as long as the dead-man waits.
 */
final class SimAgent {
  private static final long SLOW = 30_000;
  private static final long LAUNCH_LIMIT = 20 * 60_000;
  private static final int TRIES_PER_INTERVAL = 3;

  private final Host host;
  private final World world;
  private final AttemptApi.Bootstrap bootstrap;
  private final String job;
  private final JobPlan plan;

  // ---- the attempt
  private String token;
  private int epoch;
  private AttemptApi.Assignment assignment;
  private boolean over;

  /** Grows with every attempt and end; what was planned under an older number does not happen. */
  private int turn;

  private long acceptedAt;
  private boolean suspended;
  private long suspendedAt;
  private long beat;
  private String phase = "registered";
  private boolean lastCall;

  // ---- the training
  private boolean started;
  private boolean training;
  private double base;
  private long since = -1;
  private long firstStep = -1;
  private long stateStep;
  private long state;
  private int marks;
  private long stalledSince = -1;

  // ---- the saves
  private boolean saving;
  private long committed;
  private Optional<Manifest> lastSaved = Optional.empty();
  private Optional<Runnable> whenSaved = Optional.empty();

  SimAgent(Host host, AttemptApi.Bootstrap bootstrap) {
    this.host = host;
    this.world = host.world;
    this.bootstrap = bootstrap;
    this.job = bootstrap.job();
    this.plan = world.users.planOf(job);
    this.epoch = bootstrap.epoch();
    this.token = newToken();
  }

  private String newToken() {
    var token =
        "vla_"
            + Long.toHexString(host.random.nextLong())
            + Long.toHexString(host.random.nextLong());
    world.checks.secret(token);
    return token;
  }

  boolean over() {
    return over;
  }

  int epoch() {
    return epoch;
  }

  String job() {
    return job;
  }

  String token() {
    return token;
  }

  long committed() {
    return committed;
  }

  /** The script runs, is not frozen, and its host moves. */
  boolean trains() {
    return !over && training && since >= 0;
  }

  boolean attempted() {
    return !over && assignment != null;
  }

  boolean trainingStarted() {
    return !over && started;
  }

  long leaseMillis() {
    return assignment == null ? 0 : assignment.leaseSeconds() * 1000L;
  }

  long parkMillis() {
    return assignment == null ? 0 : assignment.parkSeconds() * 1000L;
  }

  private void after(long millis, Runnable work) {
    int mine = turn;
    host.after(
        millis,
        () -> {
          if (mine == turn && !over) {
            work.run();
          }
        });
  }

  private void call(String verb, Object body, long patience, Consumer<Reply> then) {
    int mine = turn;
    var call =
        new Plane.Call(
            "POST /v1/attempts/{job}/{epoch}/" + verb,
            Map.of("job", job, "epoch", Integer.toString(epoch)),
            Map.of("authorization", "Bearer " + token),
            body,
            host.instance.label,
            Optional.of(host.instance.number));
    world.plane.call(
        call,
        patience,
        reply ->
            host.after(
                0,
                () -> {
                  if (mine == turn && !over) {
                    then.accept(reply);
                  }
                }));
  }

  private static boolean fencedAnswer(Reply reply) {
    return reply.status() == 409 && reply.code().equals("fenced");
  }

  // ---- register

  void start() {
    world.trace.note("boots", host.instance.label);
    register(host.monotonic(), 100);
  }

  private void register(long begun, long wait) {
    if (host.monotonic() - begun > LAUNCH_LIMIT) {
      end("nobody took its register");
      return;
    }
    long sent = host.monotonic();
    var body =
        new AttemptApi.Register(
            bootstrap.launch(),
            bootstrap.bootstrapToken(),
            host.instance.id(),
            host.instance.machine,
            "sim");
    call(
        "register",
        body,
        SLOW,
        reply -> {
          if (reply.ok()) {
            begin(reply.as(AttemptApi.Assignment.class), sent);
          } else if (reply.status() == 0
              || reply.status() >= 500
              || reply.code().equals("not_yet")) {
            after(wait, () -> register(begun, Math.min(5_000, wait * 2)));
          } else {
            end("its register was refused: " + reply.code());
          }
        });
  }

  // ---- one attempt

  private void begin(AttemptApi.Assignment given, long sent) {
    turn++;
    assignment = given;
    epoch = given.epoch();
    acceptedAt = sent;
    suspended = false;
    started = false;
    training = false;
    since = -1;
    firstStep = -1;
    saving = false;
    lastCall = false;
    whenSaved = Optional.empty();
    stalledSince = -1;
    lastSaved = Optional.empty();
    world.checks.begun(host, given);
    phase("fetching");
    beats();
    watchLease();
    after(Chance.between(host.random, 1_000, 15_000), this::fetched);
  }

  private void phase(String next) {
    phase = next;
  }

  private void fetched() {
    phase("restoring");
    beatNow();
    restore(Optional.ofNullable(assignment.checkpoint()), 0);
  }

  private void restore(Optional<AttemptApi.Pointer> pointer, int tries) {
    if (tries > 60) {
      exit(Map.of("outcome", "lost", "detail", "the checkpoint cannot be read"), 200);
      return;
    }
    if (world.faults.strikes(FaultKind.BUCKET_UNAVAILABLE)) {
      after(2_000, () -> restore(pointer, tries + 1));
      return;
    }
    if (pointer.isEmpty()) {
      world.checks.resumed(host, Optional.empty());
      after(1_000, () -> setUp(0, Training.begin(plan.index(), world.plan.seed())));
      return;
    }
    var read = Checkpoint.read(world.objects, pointer.get());
    if (read.isEmpty()) {
      condemn(pointer.get(), tries, 200);
      return;
    }
    lastSaved = Optional.of(read.get().manifest());
    world.checks.resumed(host, pointer);
    long from = read.get().step();
    long content = read.get().state();
    after(Chance.between(host.random, 500, 10_000), () -> setUp(from, content));
  }

  private void condemn(AttemptApi.Pointer pointer, int tries, long wait) {
    call(
        "condemn",
        new AttemptApi.Condemn(pointer.step(), pointer.manifestKey(), "digest"),
        SLOW,
        reply -> {
          if (reply.ok()) {
            restore(
                Optional.ofNullable(reply.as(AttemptApi.Condemned.class).checkpoint()), tries + 1);
          } else if (fencedAnswer(reply)) {
            fenced();
          } else if (reply.status() == 0 || reply.status() >= 500) {
            after(wait, () -> condemn(pointer, tries, Math.min(10_000, wait * 2)));
          } else {
            after(1_000, () -> restore(Optional.of(pointer), tries + 1));
          }
        });
  }

  private void setUp(long restored, long restoredContent) {
    phase("setup");
    boolean anew = plan.habit() == JobPlan.Habit.DOES_NOT_RESUME;
    long from = anew ? 0 : restored;
    long content = anew ? Training.begin(plan.index(), world.plan.seed()) : restoredContent;
    if (plan.habit() == JobPlan.Habit.NEVER_READY) {
      after(2_000, () -> exit(Map.of("outcome", "unhealthy", "detail", "no driver"), 200));
      return;
    }
    base = from;
    // What the pointer has is committed, whatever the script makes of it.
    committed = from;
    stateStep = from;
    state = content;
    after(
        Chance.between(host.random, 500, 20_000),
        () -> {
          phase("running");
          started = true;
          training = true;
          firstStep = from + 1;
          world.checks.trainingBegan(host);
          beatNow();
          if (standing() == Standing.HELD) {
            thaw();
          }
          if (plan.habit() == JobPlan.Habit.DIES_EARLY) {
            after(Chance.between(host.random, 500, 4_000), this::processKilled);
          }
        });
  }

  // ---- the training, computed when somebody looks

  private double step() {
    return since < 0 ? base : base + (world.engine.now() - since) / (double) plan.stepMillis();
  }

  private long doneSteps() {
    return Math.min(plan.steps(), (long) Math.floor(step() + 1e-9));
  }

  /** The training goes on. */
  private void thaw() {
    if (training && since < 0 && !host.paused()) {
      since = world.engine.now();
      mark();
    }
  }

  private void freeze() {
    if (since >= 0) {
      base = Math.min(plan.steps(), step());
      since = -1;
      marks++;
    }
  }

  /** Plans what the script does next: save, fail or end. */
  private void mark() {
    long done = doneSteps();
    long next = plan.steps();
    if (plan.failsAt() > done) {
      next = Math.min(next, plan.failsAt());
    }
    if (plan.every() > 0) {
      next = Math.min(next, (done / plan.every() + 1) * plan.every());
    }
    long target = next;
    long in = (long) Math.ceil((target - step()) * plan.stepMillis());
    int mine = ++marks;
    after(
        in,
        () -> {
          if (mine == marks && since >= 0) {
            reached(target);
          }
        });
  }

  private void reached(long step) {
    base = step;
    since = world.engine.now();
    long content = content(step);
    if (step == plan.failsAt()) {
      stopTraining();
      phase("finishing");
      saved(() ->
          exit(ending("failed", Map.of("exitCode", 3, "reason", "user_program_failed")), 200));
      return;
    }
    if (step >= plan.steps()) {
      stopTraining();
      phase("finishing");
      beatNow();
      if (plan.every() > 0 && committed < step) {
        saved(() -> finish(step, content));
      } else {
        saved(() -> outputs(content));
      }
      return;
    }
    if (plan.every() > 0 && step % plan.every() == 0) {
      save(step, content);
    }
    mark();
  }

  private void stopTraining() {
    freeze();
    training = false;
    marks++;
  }

  /** What the model is after so many steps; each step depends on the one before. */
  private long content(long step) {
    state = Training.advance(state, stateStep, step);
    stateStep = step;
    return state;
  }

  // ---- saves

  /** Runs when no save is under way any more. */
  private void saved(Runnable then) {
    if (saving) {
      whenSaved = Optional.of(then);
    } else {
      then.run();
    }
  }

  private void save(long step, long content) {
    if (saving || step <= committed) {
      return;
    }
    saving = true;
    var checkpoint =
        Checkpoint.make(
            job, epoch, step, content, plan.files(), lastSaved, world.engine.instant().toString());
    put(checkpoint.objects(), 0, () -> commit(checkpoint, 200));
  }

  private void saveEnded() {
    saving = false;
    var then = whenSaved;
    whenSaved = Optional.empty();
    then.ifPresent(Runnable::run);
  }

  /** Uploads one object after the other, each only while the lease is held. */
  private void put(List<Checkpoint.Stored> objects, int index, Runnable then) {
    if (index == objects.size()) {
      then.run();
      return;
    }
    if (standing() != Standing.HELD) {
      after(1_000, () -> put(objects, index, then));
      return;
    }
    // What is on its way arrives even if the host is paused or dies meanwhile.
    int mine = turn;
    long takes = Chance.between(host.random, 40, 2_500);
    world.engine.after(
        takes,
        () -> {
          var object = objects.get(index);
          boolean lost = world.faults.strikes(FaultKind.BUCKET_UNAVAILABLE);
          if (!lost) {
            world.upload(object.key(), object.body());
          }
          boolean unanswered = lost || world.faults.strikes(FaultKind.BUCKET_ANSWER_LOST);
          host.after(
              0,
              () -> {
                if (mine == turn && !over) {
                  if (unanswered) {
                    after(2_000, () -> put(objects, index, then));
                  } else {
                    put(objects, index + 1, then);
                  }
                }
              });
        });
  }

  private void commit(Checkpoint checkpoint, long wait) {
    if (standing() != Standing.HELD) {
      after(1_000, () -> commit(checkpoint, wait));
      return;
    }
    call(
        "commit",
        new AttemptApi.Commit(
            checkpoint.step(),
            checkpoint.manifestKey(),
            checkpoint.manifestSha256(),
            checkpoint.bytes(),
            checkpoint.manifest().files().size()),
        SLOW,
        reply -> {
          if (reply.ok()) {
            committed = Math.max(committed, checkpoint.step());
            lastSaved = Optional.of(checkpoint.manifest());
            saveEnded();
          } else if (fencedAnswer(reply)) {
            fenced();
          } else if (reply.status() == 0
              || reply.status() >= 500
              || reply.code().equals("wrong_state")) {
            after(wait, () -> commit(checkpoint, Math.min(5_000, wait * 2)));
          } else {
            if (reply.code().equals("step_not_newer")) {
              committed = Math.max(committed, checkpoint.step());
            }
            world.trace.note("commit refused", host.instance.label, reply.code());
            saveEnded();
          }
        });
  }

  private void finish(long step, long content) {
    if (committed >= step) {
      outputs(content);
      return;
    }
    save(step, content);
    saved(() -> {
      if (committed >= step) {
        outputs(content);
      } else {
        lost("the last checkpoint could not be stored");
      }
    });
  }

  // ---- the end

  private void outputs(long content) {
    var body = Training.text(plan.steps(), content).getBytes(StandardCharsets.UTF_8);
    var key = BucketLayout.outputs(job, epoch) + "result.txt";
    var file =
        new Manifest.File("result.txt", key, body.length, TokenHash.ofBytes(body), "00000000");
    var manifest =
        Json.render(
                new Manifest(
                    job,
                    epoch,
                    null,
                    world.engine.instant().toString(),
                    "outputs",
                    List.of(file),
                    Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    var manifestKey = BucketLayout.outputsManifest(job, epoch);
    put(
        List.of(new Checkpoint.Stored(key, body), new Checkpoint.Stored(manifestKey, manifest)),
        0,
        () -> {
          world.checks.finished(host, plan.steps(), content);
          var stored = world.objects.read(manifestKey, Integer.MAX_VALUE).orElse(manifest);
          exit(
              ending(
                  "succeeded",
                  Map.of(
                      "exitCode",
                      0,
                      "outputsManifestKey",
                      manifestKey,
                      "outputsManifestSha256",
                      TokenHash.ofBytes(stored))),
              200);
        });
  }

  private Map<String, Object> ending(String outcome, Map<String, Object> more) {
    var body = new HashMap<String, Object>(more);
    body.put("outcome", outcome);
    if (firstStep >= 0 && doneSteps() >= firstStep) {
      body.put("firstStep", firstStep);
      body.put("lastStep", doneSteps());
    }
    return body;
  }

  private void exit(Map<String, Object> body, long wait) {
    lastCall = true;
    world.checks.reports(host, String.valueOf(body.get("outcome")));
    call(
        "exit",
        body,
        SLOW,
        reply -> {
          if (reply.ok() || fencedAnswer(reply)) {
            end(reply.ok() ? "its end is known" : "fenced");
          } else if (reply.status() == 0
              || reply.status() >= 500
              || reply.code().equals("outputs_missing")) {
            after(wait, () -> exit(body, Math.min(5_000, wait * 2)));
          } else {
            end("its exit was refused: " + reply.code());
          }
        });
  }

  /** The process is lost, the host is sound: asks for the next epoch here. */
  private void lost(String detail) {
    lost("lost", detail);
  }

  private void lost(String outcome, String detail) {
    stopTraining();
    turn++;
    saving = false;
    whenSaved = Optional.empty();
    beats();
    watchLease();
    var next = newToken();
    next(
        ending(outcome, Map.of("nextTokenSha256", TokenHash.of(next).hex(), "detail", detail)),
        next,
        100);
  }

  private void next(Map<String, Object> body, String nextToken, long wait) {
    long sent = host.monotonic();
    call(
        "next",
        body,
        SLOW,
        reply -> {
          if (reply.ok()) {
            var answer = reply.as(AttemptApi.NextAnswer.class);
            if (answer.assignment() == null) {
              end("no further attempt here");
            } else {
              token = nextToken;
              beat = 0;
              begin(answer.assignment(), sent);
            }
          } else if (reply.status() == 0 || reply.status() >= 500) {
            after(wait, () -> next(body, nextToken, Math.min(5_000, wait * 2)));
          } else {
            end("no next epoch: " + reply.code());
          }
        });
  }

  private void fenced() {
    if (!lastCall) {
      end("fenced");
    }
  }

  /** Nothing of the attempt outlives it; the host itself stays until somebody ends it. */
  private void end(String why) {
    stopTraining();
    over = true;
    turn++;
    world.trace.note("agent ends", host.instance.label, why);
  }

  // ---- beats

  private void beats() {
    beat(0, host.monotonic());
  }

  private void beatNow() {
    sendBeat(reply -> {});
  }

  private void beat(int tries, long begun) {
    long interval = assignment.beatSeconds() * 1000L;
    sendBeat(accepted -> {
      if (accepted || tries + 1 >= TRIES_PER_INTERVAL) {
        long rest = Math.max(200, interval - (host.monotonic() - begun));
        after(rest, () -> beat(0, host.monotonic()));
      } else {
        after(interval / TRIES_PER_INTERVAL, () -> beat(tries + 1, begun));
      }
    });
  }

  private void sendBeat(Consumer<Boolean> then) {
    long sent = host.monotonic();
    var body = new HashMap<String, Object>();
    body.put("beat", ++beat);
    body.put("phase", phase);
    if (started) {
      body.put("step", doneSteps());
      if (firstStep >= 0 && doneSteps() >= firstStep) {
        body.put("firstStep", firstStep);
      }
      body.put("loss", 1.0);
    }
    long patience = Math.clamp(leaseMillis() / 4, 1_500, 10_000);
    call(
        "heartbeat",
        body,
        patience,
        reply -> {
          if (reply.ok()) {
            accepted(sent);
            var command = reply.as(AttemptApi.HeartbeatAck.class).command();
            if (AttemptApi.RESTART.equals(command) && started && !lastCall) {
              world.trace.note("told to restart", host.instance.label);
              lost("stalled", "no step for too long");
              return;
            }
            then.accept(true);
          } else if (fencedAnswer(reply)) {
            fenced();
          } else {
            then.accept(false);
          }
        });
  }

  private void accepted(long sent) {
    acceptedAt = Math.max(acceptedAt, sent);
    if (suspended && sent > suspendedAt) {
      suspended = false;
    }
    world.checks.heard(host);
    if (standing() == Standing.HELD || standing() == Standing.LAPSED) {
      thaw();
    }
  }

  // ---- how long it may believe itself the owner

  enum Standing {
    HELD,
    LAPSED,
    FROZEN,
    DEAD
  }

  Standing standing() {
    long age = host.monotonic() - acceptedAt;
    if (age >= assignment.deadManSeconds() * 1000L) {
      return Standing.DEAD;
    }
    if (suspended || age >= parkMillis()) {
      return Standing.FROZEN;
    }
    return age >= leaseMillis() ? Standing.LAPSED : Standing.HELD;
  }

  private void watchLease() {
    switch (standing()) {
      case DEAD -> {
        end("dead-man");
        world.fleet.end(host.instance, "dead-man");
        return;
      }
      case FROZEN -> freeze();
      case HELD, LAPSED -> {}
    }
    long age = host.monotonic() - acceptedAt;
    long next = age < parkMillis() ? parkMillis() - age : 5_000;
    after(Math.max(100, next), this::watchLease);
  }

  // ---- what happens to its host

  void frozenByHost() {
    freeze();
  }

  void hostDown() {
    stopTraining();
    over = true;
    turn++;
  }

  /**
   * After a pause the clocks tell that the machine stood still; nothing is written until a beat.
   */
  void woke(long millis) {
    if (over || assignment == null) {
      return;
    }
    if (millis > Math.min(5_000, leaseMillis())) {
      suspended = true;
      suspendedAt = host.monotonic();
      beatNow();
    } else if (standing() == Standing.HELD) {
      thaw();
    }
  }

  void processKilled() {
    if (trains()) {
      world.trace.note("process killed", host.instance.label);
      lost("process killed by SIGKILL");
    }
  }

  /** The agent itself is ended and started again; what it finds running it ends. */
  void restarted() {
    if (!attempted() || lastCall) {
      return;
    }
    world.trace.note("agent restarts", host.instance.label);
    stopTraining();
    turn++;
    int mine = turn;
    long takes = Chance.between(host.random, 500, 30_000);
    host.troubled(world.engine.now() + takes);
    host.after(
        takes,
        () -> {
          if (mine == turn && !over) {
            lost("the agent was ended and started again");
          }
        });
  }

  /** Steps stop, beats go on; longer than half an hour means for ever. */
  void stall(long millis) {
    if (trains()) {
      world.trace.note("stalls", host.instance.label, millis + " ms");
      stopTraining();
      stalledSince = world.engine.now();
      // Of a script that never told a step nobody can say that it stalls: its pause ends.
      if (millis < 1_800_000 || doneSteps() < firstStep) {
        after(
            millis,
            () -> {
              if (started && !lastCall && stalledSince >= 0) {
                stalledSince = -1;
                training = true;
                if (standing() == Standing.HELD) {
                  thaw();
                }
              }
            });
      }
    }
  }

  /** The script makes no step although nobody froze it, for at least so long. */
  boolean stalledFor(long millis) {
    return stalledSince >= 0 && world.engine.now() - stalledSince >= millis;
  }

  void unhealthy() {
    if (attempted() && !lastCall) {
      stopTraining();
      exit(ending("unhealthy", Map.of("detail", "XID 79")), 200);
    }
  }

  /** The host will be taken away: save what there is and say so. */
  void noticed(long millis) {
    if (!attempted() || lastCall || !started) {
      return;
    }
    long step = doneSteps();
    boolean ended = !training;
    if (ended) {
      return;
    }
    long content = content(step);
    stopTraining();
    phase("saving");
    call(
        "reclaim",
        new AttemptApi.Reclaim((int) (millis / 1000), step),
        SLOW,
        reply -> {
          if (fencedAnswer(reply)) {
            fenced();
          }
        });
    Runnable leave = () -> exit(ending("reclaimed", Map.of("detail", "notice")), 200);
    saved(() -> {
      if (plan.every() > 0 && step > committed) {
        save(step, content);
        saved(leave);
      } else {
        leave.run();
      }
    });
  }

  List<String> describe() {
    var lines = new ArrayList<String>();
    lines.add(host.instance.label + " e" + epoch + " " + phase + " step " + doneSteps());
    return lines;
  }
}
