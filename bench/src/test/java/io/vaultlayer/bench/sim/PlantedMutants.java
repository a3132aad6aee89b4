package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Invocation.Caller;
import io.vaultlayer.bench.sim.Invocation.Function;
import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.Decision.Accepted;
import io.vaultlayer.core.job.Decision.Ignored;
import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Why;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseDraft;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** Faults of our own making, each one look or one write left out; every one must be found. */
public final class PlantedMutants implements Mutants {
  @Override
  public List<Mutant> all() {
    var all = new ArrayList<Mutant>(decisions());
    all.addAll(stores());
    all.addAll(worlds());
    return all;
  }

  // ------------------------------------------------------------------ decisions

  /** Decides in the real machine's place where it wants to. */
  private interface Decides {
    Optional<Decision> instead(
        Lease lease, JobEvent event, BiFunction<Lease, JobEvent, Decision> real);
  }

  private record Deciding(String name, Decides decides) implements Mutant {
    @Override
    public BiFunction<Lease, JobEvent, Decision> decide(
        BiFunction<Lease, JobEvent, Decision> real, Function function, World world) {
      return (lease, event) ->
          decides.instead(lease, event, real).orElseGet(() -> real.apply(lease, event));
    }
  }

  private static Mutant deciding(String name, Decides decides) {
    return new Deciding(name, decides);
  }

  /** An agent's event as if its epoch, token or both were those of the lease. */
  private static Optional<JobEvent> forged(
      Lease lease, JobEvent event, boolean epoch, boolean token) {
    if (!(event instanceof JobEvent.ByOwner by) || lease.token().isEmpty()) {
      return Optional.empty();
    }
    int e = epoch ? lease.epoch() : by.epoch();
    var t = token ? lease.token().get() : by.token();
    return Optional.of(
        switch (by) {
          case JobEvent.Heartbeat h ->
              new JobEvent.Heartbeat(
                  h.now(),
                  e,
                  t,
                  Math.max(h.beat(), lease.run().beat() + 1),
                  h.phase(),
                  h.step(),
                  h.firstStep(),
                  h.loss(),
                  h.stepsPerSecond());
          case JobEvent.Commit c -> new JobEvent.Commit(c.now(), e, t, c.pointer());
          case JobEvent.Reclaim r -> new JobEvent.Reclaim(r.now(), e, t, r.drainEnd());
          case JobEvent.Condemn c ->
              new JobEvent.Condemn(c.now(), e, t, c.damaged(), c.replacement(), c.problem());
          case JobEvent.Exit x ->
              new JobEvent.Exit(
                  x.now(),
                  e,
                  t,
                  x.outcome(),
                  x.exitCode(),
                  x.reason(),
                  x.detail(),
                  x.firstStep(),
                  x.lastStep());
          case JobEvent.NextEpoch n ->
              new JobEvent.NextEpoch(
                  n.now(),
                  e,
                  t,
                  n.nextToken(),
                  n.outcome(),
                  n.detail(),
                  n.firstStep(),
                  n.lastStep());
        });
  }

  private static Accepted accept(LeaseDraft next, Edge edge) {
    return new Accepted(edge, next.build(), List.of());
  }

  private static List<Mutant> decisions() {
    return List.of(
        deciding(
            "no-epoch-check",
            (lease, event, real) ->
                forged(lease, event, true, true)
                    .filter(e -> event instanceof JobEvent.ByOwner b && b.epoch() < lease.epoch())
                    .map(e -> real.apply(lease, e))),
        deciding(
            "no-token-check",
            (lease, event, real) ->
                forged(lease, event, false, true)
                    .filter(e -> event instanceof JobEvent.ByOwner b && b.epoch() == lease.epoch())
                    .map(e -> real.apply(lease, e))),
        deciding(
            "no-step-check",
            (lease, event, real) ->
                event instanceof JobEvent.Commit c
                        && real.apply(lease, event) instanceof Ignored i
                        && i.why() == Why.STEP_NOT_NEWER
                    ? Optional.of(committed(lease, c.pointer()))
                    : Optional.empty()),
        deciding(
            "commit-without-a-look-at-the-state",
            (lease, event, real) ->
                event instanceof JobEvent.Commit c
                        && real.apply(lease, event) instanceof Ignored i
                        && i.why() == Why.WRONG_STATE
                        && lease.bound().isPresent()
                    ? Optional.of(committed(lease, c.pointer()))
                    : Optional.empty()),
        deciding(
            "fence-without-a-look-at-the-state",
            (lease, event, real) -> {
              if (event instanceof JobEvent.Fence
                  && real.apply(lease, event) instanceof Ignored
                  && (lease.state().isFinal() || lease.state() == JobState.RECOVERING)) {
                var next = lease.edit();
                next.epoch = lease.epoch() + 1;
                next.state = JobState.RECOVERING;
                next.reason = Optional.empty();
                next.endedAt = Optional.empty();
                next.dueAt = Optional.of(event.now());
                return Optional.of(accept(next, Edge.FENCED));
              }
              return Optional.empty();
            }),
        deciding(
            "fence-without-the-sequence",
            (lease, event, real) ->
                event instanceof JobEvent.Fence f && f.epoch() == lease.epoch()
                    ? Optional.of(
                        real.apply(
                            lease,
                            new JobEvent.Fence(
                                f.now(),
                                f.epoch(),
                                lease.sequence(),
                                f.fenceId(),
                                f.cause(),
                                f.outcome(),
                                f.detail(),
                                f.counts())))
                    : Optional.empty()),
        deciding(
            "fence-leaves-the-token",
            (lease, event, real) -> {
              if (event instanceof JobEvent.Fence
                  && real.apply(lease, event) instanceof Accepted a
                  && lease.token().isPresent()
                  && !a.next().state().isFinal()) {
                var next = a.next().draftAt(a.next().sequence());
                next.token = lease.token();
                return Optional.of(new Accepted(a.edge(), next.build(), a.effects()));
              }
              return Optional.empty();
            }),
        deciding(
            "two-launches-bound-to-one-epoch",
            (lease, event, real) -> {
              if (event instanceof JobEvent.Register r
                  && lease.epoch() == r.epoch()
                  && lease.bound().isPresent()
                  && real.apply(lease, event) instanceof Ignored) {
                var next = lease.edit();
                next.token = Optional.of(r.token());
                return Optional.of(accept(next, Edge.REGISTERED));
              }
              return Optional.empty();
            }),
        deciding(
            "a-retry-forgets-its-own-write",
            (lease, event, real) ->
                real.apply(lease, event) instanceof Decision.Recognised
                    ? Optional.of(new Ignored(Why.FENCED))
                    : Optional.empty()),
        deciding(
            "a-final-state-is-overwritten",
            (lease, event, real) -> {
              if (lease.state().isFinal() && event instanceof JobEvent.Cancel c) {
                var next = lease.edit();
                next.state = JobState.CANCELLED;
                next.reason = Optional.of(c.reason());
                next.dueAt = Optional.of(c.now());
                return Optional.of(accept(next, Edge.CANCELLED));
              }
              return Optional.empty();
            }),
        deciding(
            "an-end-keeps-its-reason-wrong",
            (lease, event, real) -> {
              if (real.apply(lease, event) instanceof Accepted a
                  && a.edge() == Edge.FENCED
                  && lease.counters().attempts() >= 1) {
                var next = a.next().draftAt(a.next().sequence());
                next.state = JobState.FAILED;
                next.epoch = lease.epoch();
                next.launches = new ArrayList<>();
                next.reason = Optional.of("no_progress");
                next.detail = Optional.of("too many");
                next.endedAt = Optional.of(event.now());
                return Optional.of(
                    new Accepted(Edge.FENCED_NO_PROGRESS, next.build(), a.effects()));
              }
              return Optional.empty();
            }),
        deciding(
            "lost-grace",
            (lease, event, real) ->
                event instanceof JobEvent.Suspect s
                    ? Optional.of(
                        real.apply(
                            lease,
                            new JobEvent.Suspect(
                                s.now(),
                                s.epoch(),
                                s.seenSequence(),
                                lease.deadline().orElse(s.now()))))
                    : Optional.empty()),
        deciding(
            "a-grace-is-given-again-and-again",
            (lease, event, real) -> {
              if (event instanceof JobEvent.Fence && lease.graceEnd().isPresent()) {
                var next = lease.edit();
                next.graceEnd = Optional.of(event.now().plusSeconds(20));
                return Optional.of(accept(next, Edge.SUSPECTED));
              }
              return Optional.empty();
            }),
        deciding(
            "resumes-from-what-was-condemned",
            (lease, event, real) -> {
              if (event instanceof JobEvent.Condemn
                  && real.apply(lease, event) instanceof Accepted a
                  && lease.pointer().isPresent()) {
                var next = a.next().draftAt(a.next().sequence());
                next.pointer = lease.pointer();
                return Optional.of(new Accepted(a.edge(), next.build(), a.effects()));
              }
              return Optional.empty();
            }),
        deciding(
            "a-claim-is-taken-over-while-it-stands",
            (lease, event, real) -> {
              if (event instanceof JobEvent.Claim c
                  && lease.state() == JobState.PLACING
                  && lease.claim().isPresent()
                  && real.apply(lease, event) instanceof Ignored) {
                var next = lease.edit();
                next.claim = Optional.of(new io.vaultlayer.core.lease.Claim(c.by(), c.until()));
                next.dueAt = Optional.of(c.until());
                return Optional.of(accept(next, Edge.CLAIM_TAKEN_OVER));
              }
              return Optional.empty();
            }),
        deciding(
            "a-fence-gives-up-the-due-time",
            (lease, event, real) -> {
              if (real.apply(lease, event) instanceof Accepted a && a.edge() == Edge.FENCED) {
                var next = a.next().draftAt(a.next().sequence());
                next.dueAt = Optional.of(event.now().plusSeconds(40 * 3600));
                return Optional.of(new Accepted(a.edge(), next.build(), List.of()));
              }
              return Optional.empty();
            }));
  }

  private static Accepted committed(Lease lease, Pointer pointer) {
    var next = lease.edit();
    lease.pointer().ifPresent(p -> next.earlier.addFirst(p));
    next.pointer = Optional.of(pointer);
    next.committed = Optional.of(pointer);
    return accept(next, Edge.COMMITTED);
  }

  // ------------------------------------------------------------------ stores

  /** A store that passes everything on, for those that change one call. */
  private static class Passing implements Store {
    final Store real;

    Passing(Store real) {
      this.real = real;
    }

    @Override
    public Optional<Item> get(String table, io.vaultlayer.core.port.Key key) {
      return real.get(table, key);
    }

    @Override
    public WriteResult write(List<Write> writes) {
      return real.write(writes);
    }

    @Override
    public io.vaultlayer.core.port.Page query(
        String table,
        String partition,
        String sortPrefix,
        boolean descending,
        int limit,
        Optional<String> from) {
      return real.query(table, partition, sortPrefix, descending, limit, from);
    }

    @Override
    public io.vaultlayer.core.port.Page due(
        String table,
        String duePartition,
        java.time.Instant notAfter,
        int limit,
        Optional<String> from) {
      return real.due(table, duePartition, notAfter, limit, from);
    }

    @Override
    public io.vaultlayer.core.port.Page scan(
        String table, int segment, int segments, int limit, Optional<String> from) {
      return real.scan(table, segment, segments, limit, from);
    }
  }

  /** What a store becomes for one function of one world. */
  private interface Stores {
    Store instead(Store real, Function function, World world);
  }

  private record Storing(String name, Supplier<Stores> make, Stores stores) implements Mutant {
    @Override
    public Mutant fresh() {
      return new Storing(name, make, make.get());
    }

    @Override
    public Store store(Store real, Function function, World world) {
      return stores.instead(real, function, world);
    }
  }

  private static Mutant storing(String name, Supplier<Stores> make) {
    return new Storing(name, make, make.get());
  }

  private static Write.Put with(Write.Put put, Map<String, Object> attributes) {
    return new Write.Put(put.table(), put.key(), put.expect(), attributes, put.due());
  }

  private static boolean isMoney(Write write) {
    return write.key().sort().equals("money");
  }

  private static Mutant writing(String name, java.util.function.UnaryOperator<List<Write>> change) {
    return storing(
        name,
        () ->
            (real, function, world) ->
                new Passing(real) {
                  @Override
                  public WriteResult write(List<Write> writes) {
                    var changed = change.apply(writes);
                    return changed.isEmpty() ? new WriteResult.Applied() : real.write(changed);
                  }
                });
  }

  private static boolean goes(Write write, String state) {
    return write instanceof Write.Put put
        && put.table().equals("instances")
        && state.equals(put.attributes().get("state"));
  }

  private static List<Mutant> stores() {
    return List.of(
        writing(
            "writes-without-a-condition",
            writes -> {
              var out = new ArrayList<Write>();
              for (var write : writes) {
                out.add(
                    write instanceof Write.Put put
                            && put.table().equals("leases")
                            && put.expect() instanceof Expect.Version
                        ? new Write.Put(
                            put.table(), put.key(), Expect.anything(), put.attributes(), put.due())
                        : write);
              }
              return out;
            }),
        writing(
            "the-intent-is-stored-without-its-instance-item",
            writes ->
                writes.stream().anyMatch(w -> goes(w, "INTENDED"))
                    ? writes.stream().filter(w -> !goes(w, "INTENDED")).toList()
                    : writes),
        writing(
            "the-intent-reserves-no-money",
            writes ->
                writes.stream().anyMatch(w -> goes(w, "INTENDED"))
                    ? writes.stream().filter(w -> !isMoney(w)).toList()
                    : writes),
        writing(
            "money-is-never-released",
            writes ->
                writes.stream().anyMatch(w -> goes(w, "GONE"))
                    ? writes.stream().filter(w -> !isMoney(w)).toList()
                    : writes),
        writing(
            "money-is-released-without-its-cost",
            writes -> {
              var out = new ArrayList<Write>();
              for (var write : writes) {
                if (write instanceof Write.Put put
                    && isMoney(put)
                    && writes.stream().anyMatch(w -> goes(w, "GONE"))) {
                  var attributes = new LinkedHashMap<>(put.attributes());
                  attributes.put("spent", 0.0);
                  out.add(with(put, attributes));
                } else {
                  out.add(write);
                }
              }
              return out;
            }),
        storing(
            "money-is-released-when-a-terminate-is-asked",
            () ->
                (real, function, world) ->
                    new Passing(real) {
                      @Override
                      public WriteResult write(List<Write> writes) {
                        var first = writes.getFirst();
                        var result = real.write(writes);
                        if (result instanceof WriteResult.Applied && goes(first, "TERMINATING")) {
                          release(real, (Write.Put) first);
                        }
                        return result;
                      }
                    }),
        storing(
            "the-reservation-ignores-the-budget",
            () ->
                (real, function, world) ->
                    new Passing(real) {
                      @Override
                      public Optional<Item> get(String table, io.vaultlayer.core.port.Key key) {
                        return real.get(table, key)
                            .map(item -> {
                              if (!key.sort().equals("money")
                                  || !(item.attributes().get("budget") instanceof Number n)) {
                                return item;
                              }
                              var more = new LinkedHashMap<>(item.attributes());
                              more.put("budget", n.doubleValue() + 100);
                              return new Item(key, item.version(), more, item.due());
                            });
                      }

                      @Override
                      public WriteResult write(List<Write> writes) {
                        var out = new ArrayList<Write>();
                        for (var write : writes) {
                          if (write instanceof Write.Put put
                              && isMoney(put)
                              && put.expect() instanceof Expect.Version
                              && put.attributes().get("budget") instanceof Number n) {
                            var less = new LinkedHashMap<>(put.attributes());
                            less.put("budget", n.doubleValue() - 100);
                            out.add(with(put, less));
                          } else {
                            out.add(write);
                          }
                        }
                        return real.write(out);
                      }
                    }),
        storing("effects-before-the-write", PlantedMutants::behind),
        writing(
            "a-live-instance-is-not-looked-at-again",
            writes ->
                writes.stream()
                    .map(w ->
                        goes(w, "LIVE") && w instanceof Write.Put put
                            ? new Write.Put(
                                put.table(),
                                put.key(),
                                put.expect(),
                                put.attributes(),
                                Optional.empty())
                            : w)
                    .toList()),
        writing(
            "retention-dooms-the-newest-two-as-well",
            writes -> writes.stream().map(PlantedMutants::doomingAll).toList()),
        writing(
            "the-pointer-is-stored-and-the-journal-is-not",
            writes -> writes.stream().filter(w -> !w.key().sort().startsWith("c#")).toList()));
  }

  /** A plan that keeps nothing: what it dooms goes on to the newest commit that there can be. */
  private static Write doomingAll(Write write) {
    if (!(write instanceof Write.Put put)
        || !put.key().sort().equals("retention")
        || !(put.attributes().get("doomed") instanceof List<?> doomed)
        || doomed.isEmpty()) {
      return write;
    }
    var last = String.valueOf(doomed.getLast());
    var more = new ArrayList<Object>(doomed);
    for (long step = Long.parseLong(last.substring(9)) + 1; more.size() < 400; step++) {
      more.add("%s%012d".formatted(last.substring(0, 9), step));
    }
    var attributes = new LinkedHashMap<>(put.attributes());
    attributes.put("doomed", more);
    return with(put, attributes);
  }

  private static void release(Store real, Write.Put row) {
    var key = new io.vaultlayer.core.port.Key(String.valueOf(row.attributes().get("job")), "money");
    real.get("jobs", key)
        .ifPresent(money -> {
          var attributes = new LinkedHashMap<>(money.attributes());
          if (attributes.get("reserved") instanceof Map<?, ?> reserved) {
            var less = new LinkedHashMap<String, Object>();
            reserved.forEach((label, usd) -> {
              if (!label.equals(row.key().partition())) {
                less.put(String.valueOf(label), usd);
              }
            });
            attributes.put("reserved", less);
            real.write(
                List.of(
                    new Write.Put(
                        "jobs",
                        key,
                        Expect.version(money.version()),
                        attributes,
                        Optional.empty())));
          }
        });
  }

  /** Answers a lease's write before it is made; it is made at the next call. */
  private static Stores behind() {
    var late = new ArrayList<List<Write>>();
    return (real, function, world) ->
        function != Function.PROVISIONER && function != Function.WATCHDOG
            ? real
            : new Passing(real) {
              private void flush() {
                var writes = List.copyOf(late);
                late.clear();
                writes.forEach(real::write);
              }

              @Override
              public Optional<Item> get(String table, io.vaultlayer.core.port.Key key) {
                flush();
                return super.get(table, key);
              }

              @Override
              public WriteResult write(List<Write> writes) {
                flush();
                if (writes.getFirst().table().equals("leases")) {
                  late.add(writes);
                  return new WriteResult.Applied();
                }
                return super.write(writes);
              }
            };
  }

  // ------------------------------------------------------------------ providers, bucket, bus

  /** A provider that passes everything on. */
  private static class Carrying implements Provider {
    final Provider real;

    Carrying(Provider real) {
      this.real = real;
    }

    @Override
    public Facts facts() {
      return real.facts();
    }

    @Override
    public List<io.vaultlayer.core.place.Offer> offers(
        List<io.vaultlayer.core.place.GpuClass> classes) {
      return real.offers(classes);
    }

    @Override
    public Creation create(Launch launch) {
      return real.create(launch);
    }

    @Override
    public Inventory list(String owner) {
      return real.list(owner);
    }

    @Override
    public Sighting describe(String label) {
      return real.describe(label);
    }

    @Override
    public void terminate(String label) {
      real.terminate(label);
    }

    @Override
    public void terminate(String label, String instanceId) {
      real.terminate(label, instanceId);
    }

    @Override
    public void kill(String label) {
      real.kill(label);
    }
  }

  private interface Providers {
    Provider instead(Provider real, Function function, World world);
  }

  private record Providing(String name, Supplier<Providers> make, Providers providers)
      implements Mutant {
    @Override
    public Mutant fresh() {
      return new Providing(name, make, make.get());
    }

    @Override
    public Provider provider(Provider real, Function function, World world) {
      return providers.instead(real, function, world);
    }
  }

  private static Mutant providing(String name, Supplier<Providers> make) {
    return new Providing(name, make, make.get());
  }

  private record Idle(String name, Function idle) implements Mutant {
    @Override
    public boolean runs(Function function) {
      return function != idle;
    }
  }

  private record ListsToResume(String name) implements Mutant {
    @Override
    public Map<String, Object> answer(Caller caller, Map<String, Object> answer, World world) {
      if (!caller.verb().equals("register") || !answer.get("statusCode").equals(200)) {
        return answer;
      }
      var prefix = "jobs/" + caller.job() + "/checkpoints/";
      var newest =
          world.objects.keys().stream()
              .filter(k -> k.startsWith(prefix) && k.endsWith("_manifest.json"))
              .reduce((a, b) -> b);
      if (newest.isEmpty()) {
        return answer;
      }
      var bytes = world.objects.read(newest.get(), Integer.MAX_VALUE).orElseThrow();
      Manifest manifest;
      try {
        manifest = Json.parse(new String(bytes, StandardCharsets.UTF_8), Manifest.class);
      } catch (Json.MalformedJson e) {
        return answer;
      }
      @SuppressWarnings("unchecked")
      var body = (Map<String, Object>) Json.parse(String.valueOf(answer.get("body")), Map.class);
      body.put(
          "checkpoint",
          Map.of(
              "step", manifest.step(),
              "epoch", manifest.epoch(),
              "manifestKey", newest.get(),
              "manifestSha256", io.vaultlayer.core.lease.TokenHash.ofBytes(bytes),
              "bytes", 1,
              "files", manifest.files().size()));
      var changed = new HashMap<>(answer);
      changed.put("body", Json.render(body));
      return changed;
    }
  }

  /** Looks away from files that a kept checkpoint has elsewhere. */
  private record DeletesShared(String name) implements Mutant {
    @Override
    public Bucket bucket(Bucket real, Function function, World world) {
      return function != Function.REAPER ? real : new WholePrefix(real);
    }
  }

  /** A bucket as it is; a mutant changes what it is about. */
  private static class Bare implements Bucket {
    final Bucket real;

    Bare(Bucket real) {
      this.real = real;
    }

    @Override
    public Optional<byte[]> read(String key, int mostBytes) {
      return real.read(key, mostBytes);
    }

    @Override
    public Optional<ObjectInfo> head(String key) {
      return real.head(key);
    }

    @Override
    public Listing list(String prefix, Optional<String> after, int limit) {
      return real.list(prefix, after, limit);
    }

    @Override
    public boolean putIfAbsent(String key, byte[] body) {
      return real.putIfAbsent(key, body);
    }

    @Override
    public java.net.URI presignPut(String key, long bytes, java.time.Duration life) {
      return real.presignPut(key, bytes, life);
    }

    @Override
    public java.net.URI presignGet(String key, java.time.Duration life) {
      return real.presignGet(key, life);
    }

    @Override
    public void delete(List<String> keys) {
      real.delete(keys);
    }
  }

  /** Deletes with a manifest all that lies beside it, whoever else names it. */
  private static final class WholePrefix extends Bare {
    WholePrefix(Bucket real) {
      super(real);
    }

    @Override
    public void delete(List<String> keys) {
      super.delete(keys);
      for (var key : keys) {
        if (key.endsWith("/_manifest.json")) {
          var prefix = key.substring(0, key.lastIndexOf('/') + 1);
          super.delete(
              list(prefix, Optional.empty(), Bucket.MOST_KEYS).objects().stream()
                  .map(ObjectInfo::key)
                  .toList());
        }
      }
    }
  }

  private record NoManifestCheck(String name) implements Mutant {
    @Override
    public Bucket bucket(Bucket real, Function function, World world) {
      if (function != Function.COMMIT) {
        return real;
      }
      return new Bare(real) {
        @Override
        public Listing list(String prefix, Optional<String> after, int limit) {
          var manifest = world.objects.read(prefix + "_manifest.json", Integer.MAX_VALUE);
          if (manifest.isEmpty()) {
            return real.list(prefix, after, limit);
          }
          var named =
              Json.parse(new String(manifest.get(), StandardCharsets.UTF_8), Manifest.class)
                  .files()
                  .stream()
                  .map(f -> new ObjectInfo(f.key(), f.bytes(), Optional.empty()))
                  .toList();
          return new Listing(named, Optional.empty());
        }
      };
    }
  }

  private record LogsTokens(String name) implements Mutant {
    @Override
    public String log(String line, World world) {
      return line.contains("\"event\":\"Register\"")
          ? line + world.fleet.hosts().stream().map(h -> h.bootstrap.bootstrapToken()).toList()
          : line;
    }
  }

  private record TellsSecrets(String name) implements Mutant {
    @Override
    public Bus bus(Bus real, Function function, World world) {
      return (type, json) ->
          real.publish(
              type,
              type.equals("AttemptStarted")
                  ? json.substring(0, json.length() - 1)
                      + ",\"note\":\""
                      + world.fleet.hosts().getLast().agent.token()
                      + "\"}"
                  : json);
    }
  }

  /** Events are trusted: the sweep reminds nobody. */
  private record OnlyEvents(String name) implements Mutant {
    @Override
    public Bus bus(Bus real, Function function, World world) {
      return function == Function.WATCHDOG
          ? (type, json) -> {
            if (!type.endsWith("Requested")) {
              real.publish(type, json);
            }
          }
          : real;
    }

    @Override
    public Queue queue(Queue real, String queue, Function function, World world) {
      return real;
    }
  }

  private static List<Mutant> worlds() {
    return List.of(
        new Idle("no-reaper", Function.REAPER),
        new Idle("no-watchdog", Function.WATCHDOG),
        new ListsToResume("resume-by-listing"),
        new DeletesShared("retention-deletes-what-others-share"),
        new NoManifestCheck("no-manifest-check"),
        new LogsTokens("a-token-in-the-log"),
        new TellsSecrets("a-token-in-an-event"),
        new OnlyEvents("the-sweep-forgets-what-an-event-lost"),
        providing("terminate-believed-on-200", () -> PlantedMutants::believing),
        providing(
            "partial-list-believed",
            () ->
                (real, function, world) ->
                    new Carrying(real) {
                      @Override
                      public Inventory list(String owner) {
                        var list = super.list(owner);
                        return new Inventory(list.askedAt(), true, list.instances());
                      }
                    }),
        providing(
            "no-list-means-nothing-is-there",
            () ->
                (real, function, world) ->
                    new Carrying(real) {
                      @Override
                      public Inventory list(String owner) {
                        try {
                          return super.list(owner);
                        } catch (ProviderFailure e) {
                          return new Inventory(world.instant(), true, List.of());
                        }
                      }
                    }),
        providing(
            "create-retried-blindly",
            () ->
                (real, function, world) ->
                    new Carrying(real) {
                      @Override
                      public Creation create(Launch launch) {
                        var first = super.create(launch);
                        return first instanceof Creation.Ambiguous ? super.create(launch) : first;
                      }
                    }),
        providing(
            "ambiguous-means-refused",
            () ->
                (real, function, world) ->
                    new Carrying(real) {
                      private final Set<String> lost = new HashSet<>();

                      @Override
                      public Creation create(Launch launch) {
                        var first = super.create(launch);
                        if (first instanceof Creation.Ambiguous) {
                          lost.add(launch.label());
                          return new Creation.Refused(Refusal.NO_CAPACITY, "timed out");
                        }
                        return first;
                      }

                      @Override
                      public Inventory list(String owner) {
                        var list = super.list(owner);
                        return new Inventory(
                            list.askedAt(),
                            list.complete(),
                            list.instances().stream()
                                .filter(s -> !lost.contains(s.label()))
                                .toList());
                      }
                    }),
        providing(
            "every-unknown-instance-is-terminated-at-once",
            () ->
                (real, function, world) ->
                    new Carrying(real) {
                      @Override
                      public Inventory list(String owner) {
                        var list = super.list(owner);
                        if (function == Function.REAPER) {
                          list.instances().stream()
                              .skip(1)
                              .limit(1)
                              .forEach(s -> real.terminate(s.label()));
                        }
                        return list;
                      }
                    }));
  }

  /** After a terminate was answered, lists are read as if the instance were gone. */
  private static Provider believing(Provider real, Function function, World world) {
    var asked = new HashSet<String>();
    return new Carrying(real) {
      @Override
      public void terminate(String label) {
        super.terminate(label);
        asked.add(label);
      }

      @Override
      public Inventory list(String owner) {
        var list = super.list(owner);
        return new Inventory(
            list.askedAt(),
            list.complete(),
            list.instances().stream().filter(s -> !asked.contains(s.label())).toList());
      }
    };
  }
}
