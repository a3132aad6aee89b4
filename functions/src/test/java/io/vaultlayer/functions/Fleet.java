package io.vaultlayer.functions;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.lease.Policy;
import io.vaultlayer.core.lease.Submission;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.functions.state.WatchRow;
import io.vaultlayer.functions.watchdog.TickObserver;
import io.vaultlayer.functions.watchdog.WatchdogHandler;
import io.vaultlayer.testkit.fake.FakeProvider;
import io.vaultlayer.testkit.fake.ManualClock;
import io.vaultlayer.testkit.fake.MemoryBus;
import io.vaultlayer.testkit.fake.MemoryQueue;
import io.vaultlayer.testkit.fake.MemoryStore;
import io.vaultlayer.testkit.fake.SeededEntropy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * Many live jobs at 10/40 under the real watchdog, without the rest of the plane. The process can
 * be made to die at any write, send or read.
 */
final class Fleet implements Platform {
  static final int BEAT = 10;
  static final int LEASE = 40;
  static final Duration TICK = Duration.ofSeconds(10);
  private static final TokenHash TOKEN = TokenHash.of("token");

  /** The process is gone: nothing in it may catch this and go on. */
  static final class Died extends Error {
    private static final long serialVersionUID = 1L;
  }

  final ManualClock clock = new ManualClock();
  final MemoryStore stored = new MemoryStore();
  final MemoryBus bus = new MemoryBus();
  final MemoryQueue ticks = new MemoryQueue(clock);
  final MemoryQueue reaps = new MemoryQueue(clock);
  final FakeProvider fake = new FakeProvider(clock);
  final List<String> log = new ArrayList<>();
  final List<TickObserver.Seen> seen = new ArrayList<>();
  final List<JobId> jobs = new ArrayList<>();
  final Map<JobId, Long> beats = new TreeMap<>();

  /** Effects (writes and sends) until the process dies; negative: it lives. */
  int diesAfter = -1;

  int effects;
  boolean storeDown;
  Runnable beforeScan = () -> {};
  Provider provider = fake;
  private final SeededEntropy entropy = new SeededEntropy(3);

  /** Adds jobs whose programs run and were heard within the last interval, evenly spread. */
  void live(int count) {
    for (int i = 0; i < count; i++) {
      var heard = clock.instant().minusMillis(BEAT * 1000L * i / Math.max(1, count));
      add(heard);
    }
  }

  JobId add(Instant heard) {
    var id = new JobId("job_01k%023d".formatted(jobs.size()));
    var lease = Submission.lease(id, heard, new Policy(true, 0, Optional.empty()));
    var launch = launch(id, heard);
    for (var event :
        List.<JobEvent>of(
            new JobEvent.Start(heard),
            new JobEvent.Claim(heard, 1, "p", heard.plusSeconds(60)),
            new JobEvent.Intend(heard, 1, "p", launch),
            new JobEvent.Launched(heard, 1, 1, "i-1", "m-1"),
            new JobEvent.Register(heard, 1, 1, launch.bootstrapHash(), TOKEN, "i-1", "m-1"),
            beat(heard, 1))) {
      lease = ((Decision.Accepted) JobMachine.decide(lease, event)).next().withoutJournal();
    }
    put(lease);
    fake.create(new Provider.Launch(launch.label(), offer(), ""));
    jobs.add(id);
    beats.put(id, 1L);
    return id;
  }

  private void put(Lease lease) {
    stored.write(
        List.of(
            new Write.Put(
                "leases",
                LeaseCodec.key(lease.job()),
                Expect.anything(),
                LeaseCodec.attributes(lease),
                LeaseCodec.due(lease))));
  }

  static Offer offer() {
    return new Offer("fake", "here", GpuClass.CPU, 1, 0, "spot", 0.0, "m-1", true);
  }

  private static LaunchRecord launch(JobId id, Instant at) {
    return new LaunchRecord(
        1,
        1,
        "vl-test-" + id + "-e1-1",
        "fake",
        "here",
        "cpu",
        true,
        "spot",
        0.0,
        BEAT,
        LEASE,
        TokenHash.of("bootstrap"),
        at,
        at.plusSeconds(600),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static JobEvent.Heartbeat beat(Instant now, long number) {
    return new JobEvent.Heartbeat(
        now,
        1,
        TOKEN,
        number,
        "running",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** A beat of this job arrives now. */
  void beat(JobId job) {
    var lease = lease(job);
    long number = beats.merge(job, 1L, Long::sum);
    if (JobMachine.decide(lease, beat(clock.instant(), number)) instanceof Decision.Accepted a) {
      stored.write(
          List.of(
              new Write.Put(
                  "leases",
                  LeaseCodec.key(job),
                  Expect.anything(),
                  LeaseCodec.attributes(a.next().withoutJournal()),
                  LeaseCodec.due(a.next()))));
    }
  }

  Lease lease(JobId job) {
    return LeaseCodec.parse(stored.get("leases", LeaseCodec.key(job)).orElseThrow());
  }

  long fenced() {
    return jobs.stream().filter(job -> lease(job).epoch() > 1).count();
  }

  String label(JobId job) {
    return "vl-test-" + job + "-e1-1";
  }

  /** A process that starts anew, as after a crash, and handles one tick. */
  void tick() {
    tick("{\"tick\":\"t\"}");
  }

  void tick(String body) {
    var control = Control.on(this, new DecisionLog(log::add));
    var handler = new WatchdogHandler(this, control, seen::add);
    handler.handle(Map.of("Records", List.of(Map.of("messageId", "m", "body", body))));
  }

  /** As {@link #tick}, telling as in production. */
  void tellingTick() {
    var control = Control.on(this, new DecisionLog(log::add));
    new WatchdogHandler(this, control)
        .handle(Map.of("Records", List.of(Map.of("messageId", "m", "body", "{}"))));
  }

  /** Every second from now on: a tenth of the jobs beats, if it may, and a tick comes each 10 s. */
  void pass(Duration time, boolean beatsArrive) {
    LongStream.range(0, time.toSeconds())
        .forEach(_ -> {
          clock.advance(Duration.ofSeconds(1));
          long second = clock.instant().getEpochSecond();
          for (int i = 0; beatsArrive && i < jobs.size(); i++) {
            if (i * BEAT / jobs.size() == second % BEAT) {
              beat(jobs.get(i));
            }
          }
          if (second % TICK.toSeconds() == 0) {
            ticks.take();
            tellingTick();
          }
        });
  }

  WatchRow.Stored memory() {
    return new WatchRow(this).load().orElseThrow();
  }

  private void effect() {
    effects++;
    if (diesAfter >= 0 && effects > diesAfter) {
      throw new Died();
    }
  }

  // ---- the platform

  @Override
  public String variable(String name) {
    return name.equals("TICK_SECONDS")
        ? Long.toString(TICK.toSeconds())
        : Optional.ofNullable(World.VARIABLES.get(name))
            .orElseThrow(() -> new MissingVariable(name));
  }

  @Override
  public Store store() {
    return new Store() {
      @Override
      public Optional<Item> get(String table, Key key) {
        if (storeDown) {
          throw new StoreUnavailable("the store is down", null);
        }
        return stored.get(table, key);
      }

      @Override
      public WriteResult write(List<Write> writes) {
        effect();
        return stored.write(writes);
      }

      @Override
      public Page query(
          String table,
          String partition,
          String prefix,
          boolean descending,
          int limit,
          Optional<String> from) {
        return stored.query(table, partition, prefix, descending, limit, from);
      }

      @Override
      public Page due(
          String table, String partition, Instant notAfter, int limit, Optional<String> from) {
        return stored.due(table, partition, notAfter, limit, from);
      }

      @Override
      public Page scan(String table, int segment, int segments, int limit, Optional<String> from) {
        beforeScan.run();
        return stored.scan(table, segment, segments, limit, from);
      }
    };
  }

  @Override
  public Queue queue(String urlVariable) {
    var queue = urlVariable.equals("TICK_QUEUE_URL") ? ticks : reaps;
    return (body, delay) -> {
      effect();
      queue.send(body, delay);
    };
  }

  @Override
  public Bus bus(String nameVariable) {
    return (type, detail) -> {
      effect();
      bus.publish(type, detail);
    };
  }

  @Override
  public Bucket bucket(String nameVariable) {
    throw new UnsupportedOperationException();
  }

  @Override
  public JobCredentials credentials(String bucketVariable, String roleVariable) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Provider> providers() {
    return List.of(provider);
  }

  @Override
  public InstantSource clock() {
    return clock;
  }

  @Override
  public Entropy entropy() {
    return entropy;
  }

  @Override
  public void pause(Duration time) {}
}
