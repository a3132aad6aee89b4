package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Invocation.Function;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.wire.AttemptApi;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the checkers see: every applied write, every call of a provider, every answer and line, and
 * what hosts and instances really did. They share no code with what they check, but the codecs of
 * the stored rows. The first broken rule ends the world.
 */
final class Checks {
  /** In every secret value that the world makes up. */
  static final String TAINT = "tAiNt";

  private final World world;
  private final Map<String, JobTruth> jobs = new LinkedHashMap<>();
  private final Map<String, InstanceTruth> launches = new LinkedHashMap<>();
  private final Map<String, Long> tokenDied = new HashMap<>();
  private final Map<String, Long> damagedAt = new HashMap<>();
  private final Set<String> usedMachines = new HashSet<>();
  private final Set<String> tokensSeen = new HashSet<>();
  private final LeaseRules leaseRules;
  private final MoneyRules moneyRules;
  private final EffectRules effectRules;
  private final AnswerRules answerRules;
  private final RestRules restRules;
  private Optional<Violation> violation = Optional.empty();
  private long index;

  Checks(World world) {
    this.world = world;
    this.leaseRules = new LeaseRules(world, this);
    this.moneyRules = new MoneyRules(world, this);
    this.effectRules = new EffectRules(world, this);
    this.answerRules = new AnswerRules(world, this);
    this.restRules = new RestRules(world, this);
  }

  // ---- what the rules share

  Optional<Violation> violation() {
    return violation;
  }

  /** Keeps the first broken rule. */
  void broken(String invariant, String detail) {
    if (violation.isEmpty()) {
      violation = Optional.of(new Violation(invariant, detail, world.engine.now()));
      world.trace.note("BROKEN", invariant, detail);
    }
  }

  void require(boolean holds, String invariant, String detail) {
    if (!holds) {
      broken(invariant, detail);
    }
  }

  /** Number of applied writes so far: a clock that orders what time cannot. */
  long index() {
    return index;
  }

  JobTruth job(String id) {
    return jobs.computeIfAbsent(id, JobTruth::new);
  }

  Map<String, JobTruth> jobs() {
    return jobs;
  }

  InstanceTruth launch(String label) {
    return launches.computeIfAbsent(label, InstanceTruth::new);
  }

  Map<String, InstanceTruth> launches() {
    return launches;
  }

  /** Machines that any launch was ever meant for. */
  Set<String> usedMachines() {
    return usedMachines;
  }

  List<Instance> instances(String label) {
    var found = new ArrayList<Instance>();
    for (var cloud : world.clouds) {
      for (var instance : cloud.instances()) {
        if (instance.label.equals(label)) {
          found.add(instance);
        }
      }
    }
    return found;
  }

  /** True when a lease that has not ended names the label as one of its launches. */
  boolean owned(String label) {
    return jobs.values().stream()
        .flatMap(j -> j.lease.stream())
        .filter(l -> !l.state().isFinal())
        .anyMatch(l -> l.launches().stream().anyMatch(x -> x.label().equals(label)));
  }

  // ---- tokens

  void tokenLives(TokenHash token) {
    tokensSeen.add(token.hex());
  }

  void tokenDies(TokenHash token) {
    tokenDied.put(token.hex(), index);
  }

  /** The number of the write that ended the token; empty for one that lives or never did. */
  Optional<Long> diedAt(TokenHash token) {
    return Optional.ofNullable(tokenDied.get(token.hex()));
  }

  boolean everLived(TokenHash token) {
    return tokensSeen.contains(token.hex());
  }

  boolean isDead(TokenHash token) {
    return tokenDied.containsKey(token.hex());
  }

  // ---- what happens

  void written(List<Write> writes, List<Optional<Item>> olds) {
    index++;
    for (int i = 0; i < writes.size(); i++) {
      var write = writes.get(i);
      world.trace.note("write", write.table() + "/" + write.key().partition(), write.key().sort());
      if (!(write instanceof Write.Put put)) {
        moneyRules.deleted(write, writes);
        continue;
      }
      var old = olds.get(i);
      var now = world.rows.get(put.table(), put.key()).orElseThrow();
      switch (put.table()) {
        case "leases", "ended" -> leaseRules.written(old, now, put, writes);
        case "instances" -> moneyRules.instance(old, now, put, writes);
        default -> {
          if (put.table().equals("jobs") && put.key().sort().equals("money")) {
            moneyRules.money(old, now, put, writes);
          }
          answerRules.stored(put);
        }
      }
    }
  }

  static Lease lease(Item item) {
    return LeaseCodec.parse(item);
  }

  static InstanceRow row(Item item) {
    return Instances.parse(item);
  }

  void creating(Cloud cloud, Provider.Launch launch) {
    effectRules.creating(cloud, launch);
  }

  void terminating(Cloud cloud, String label, Optional<String> instanceId) {
    effectRules.terminating(cloud, label, instanceId);
  }

  void published(String detailType, String detailJson) {
    answerRules.said("event", detailJson);
    effectRules.published(detailType, detailJson);
  }

  void deleting(List<String> keys) {
    effectRules.deleting(keys);
  }

  void said(String where, String text) {
    answerRules.said(where, text);
  }

  void secret(String token) {
    answerRules.secret(token);
  }

  void logged(Function function, String line) {
    answerRules.logged(function, line);
  }

  void answered(Invocation invocation, Plane.Call call, Plane.Reply reply) {
    answerRules.answered(invocation, call, reply);
  }

  void delivered(Function function, int failed) {
    world.trace.note("handled", function.wireName(), failed + " failed");
  }

  void made(Instance instance) {
    answerRules.said("label", instance.label);
  }

  void ended(Instance instance) {}

  void listed(Cloud cloud, boolean partial) {
    world.plane.current.ifPresent(i -> i.listedAt.putIfAbsent(cloud.facts().name(), index));
  }

  void noList(Cloud cloud) {}

  // ---- what agents do

  void begun(Host host, AttemptApi.Assignment given) {}

  void resumed(Host host, Optional<AttemptApi.Pointer> pointer) {}

  void trainingBegan(Host host) {
    job(host.agent.job()).startedEpochs.add(host.agent.epoch());
  }

  void heard(Host host) {}

  void finished(Host host, long steps, long content) {}

  /** An agent is about to tell how its attempt ended. */
  void reports(Host host, String outcome) {
    job(host.agent.job()).reported.put(host.agent.epoch(), outcome);
  }

  void copied(String label) {
    launch(label).copied = true;
  }

  /** A fault changes or deletes this object now. */
  void damaged(String key) {
    damagedAt.put(key, world.engine.now());
  }

  boolean wasDamagedSince(String key, long at) {
    return damagedAt.getOrDefault(key, -1L) >= at;
  }

  // ---- what users do

  void submitted(String id, JobPlan plan) {
    job(id);
  }

  void cancelAsked(String id) {
    job(id).cancelAsked = true;
  }

  void sameJob(String expected, String got) {
    require(
        expected.equals(got),
        "ANSWER",
        "the same key was answered with " + got + " instead of " + expected);
  }

  boolean ended(String id) {
    return job(id).lease.filter(l -> l.state().isFinal()).isPresent();
  }

  boolean resumable(String id) {
    return job(id)
        .lease
        .filter(l -> l.state().isFinal() && l.state() != io.vaultlayer.core.job.JobState.SUCCEEDED)
        .isPresent();
  }

  Optional<Pointer> pointer(String id) {
    return job(id).lease.flatMap(Lease::pointer);
  }

  // ---- now and then, and at the end

  /** Rules about time: looked at twice a minute. */
  void look() {
    restRules.look();
  }

  boolean atRest() {
    return restRules.atRest();
  }

  void end() {
    restRules.end();
  }

  /** What is known of a job from its lease's writes. */
  static final class JobTruth {
    final String id;
    Optional<Lease> lease = Optional.empty();

    /** Pointers that the lease has had since the current attempt registered. */
    final List<Optional<Pointer>> sinceRegister = new ArrayList<>();

    final Set<String> condemned = new HashSet<>();
    final Set<String> committed = new HashSet<>();
    final Set<String> committedRows = new java.util.TreeSet<>();
    final Set<Integer> startedEpochs = new HashSet<>();
    final Set<Integer> committingEpochs = new HashSet<>();
    final Set<Integer> attemptedEpochs = new HashSet<>();
    final Map<Integer, String> reported = new HashMap<>();
    final Map<Integer, Long> fencedAt = new HashMap<>();
    final Set<String> announced = new HashSet<>();

    /** Machines on which its own agent found the GPU or the host broken. */
    final Set<String> unhealthy = new HashSet<>();

    final List<Integer> closedEpochs = new ArrayList<>();
    int resumedAtEpoch;
    boolean cancelAsked;
    boolean armed;

    /** When the last write of an agent that owned the job was accepted, and its number. */
    long heardAt = -1;

    long heardIndex = -1;

    /** The number of the write that bound the current launch. */
    long boundIndex = -1;

    JobTruth(String id) {
      this.id = id;
    }
  }

  /** What is known of a launch. */
  static final class InstanceTruth {
    final String label;
    int creates;
    int terminates;
    boolean intended;
    boolean copied;
    boolean gone;

    /** Its item has said TERMINATING at some time. */
    boolean toEnd;

    /** Time without an owner while its provider and we were able to act. */
    long ownerlessMillis;

    InstanceTruth(String label) {
      this.label = label;
    }
  }
}
