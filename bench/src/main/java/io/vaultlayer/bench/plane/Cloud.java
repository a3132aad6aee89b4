package io.vaultlayer.bench.plane;

import io.vaultlayer.bench.sim.Chance;
import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Provider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * A GPU cloud in virtual time whose calls take time. It knows what is truly there; what it says can
 * be silence, or a host that is dead and called running.
 */
public final class Cloud implements Provider {
  /** A host, dead or alive, from its create to its end. */
  public static final class Host {
    public final Launch launch;
    public final String id;
    public final long bornAt;

    /** The machine answers nobody any more, and nothing runs on it. */
    public boolean dead;

    /** When it died; later than everything while it lives. */
    public long diedAt = Long.MAX_VALUE;

    /** The machine runs, but neither hears nor is heard. */
    public boolean cut;

    /** It is dead from now on. */
    public void die(long now) {
      if (!dead) {
        dead = true;
        diedAt = now;
      }
    }

    Host(Launch launch, String id, long bornAt) {
      this.launch = launch;
      this.id = id;
      this.bornAt = bornAt;
    }

    public String label() {
      return launch.label();
    }
  }

  /** How long a call without an answer is waited for: the port's limit for a second opinion. */
  static final long SILENT_MILLIS = 3000;

  /** Kinds of calls counted. */
  public enum Call {
    OFFERS,
    CREATE,
    LIST,
    DESCRIBE,
    TERMINATE
  }

  private final Plane plane;
  private final Facts facts;
  private final SplittableRandom random;
  private final Map<String, Host> hosts = new LinkedHashMap<>();
  private final Map<Call, Long> calls = new java.util.EnumMap<>(Call.class);
  private final Consumer<Host> booted;
  private boolean silent;
  private boolean unreachable;
  private boolean noCapacity;
  private boolean terminateFails;
  private int ambiguousCreates;
  private int created;

  /**
   * @param booted called at the create with the host that has begun to boot
   */
  public Cloud(Plane plane, String name, long seed, Consumer<Host> booted) {
    this.plane = plane;
    this.booted = booted;
    this.random = Chance.of(seed, "cloud " + name, 0);
    this.facts =
        new Facts(
            name,
            "validated",
            "a model",
            10,
            40,
            Duration.ofMinutes(15),
            Duration.ofSeconds(60),
            Optional.empty());
  }

  // ---- what a bench does to it

  /**
   * While silent, lists and describes give no answer, and that takes {@value #SILENT_MILLIS} ms.
   */
  public void silent(boolean is) {
    silent = is;
  }

  /** While unreachable no call gets an answer, and none has an effect. */
  public void unreachable(boolean is) {
    unreachable = is;
  }

  public void noCapacity(boolean none) {
    noCapacity = none;
  }

  public void terminateFails(boolean fails) {
    terminateFails = fails;
  }

  /** So many creates make an instance and lose their answer. */
  public void ambiguousCreates(int count) {
    ambiguousCreates = count;
  }

  /** The host is gone, and the next list shows it. */
  public void vanish(Host host) {
    host.die(plane.engine.now());
    hosts.remove(host.label());
  }

  /** What exists and costs money. */
  public Collection<Host> hosts() {
    return hosts.values();
  }

  public boolean exists(Host host) {
    return hosts.get(host.label()) == host;
  }

  public long calls(Call call) {
    return calls.getOrDefault(call, 0L);
  }

  public int created() {
    return created;
  }

  // ---- the port

  @Override
  public Facts facts() {
    return facts;
  }

  @Override
  public List<Offer> offers(List<GpuClass> classes) {
    answer(Call.OFFERS, 100, 400);
    if (noCapacity || !classes.contains(GpuClass.CPU)) {
      return List.of();
    }
    var offers = new ArrayList<Offer>();
    for (int i = 0; i < 3; i++) {
      var machine = "m-" + random.nextInt(1_000_000);
      offers.add(new Offer(facts.name(), "here", GpuClass.CPU, 1, 0, "spot", 0.4, machine, true));
    }
    return offers;
  }

  @Override
  public Creation create(Launch launch) {
    try {
      answer(Call.CREATE, 500, 2000);
    } catch (ProviderFailure e) {
      return new Creation.Ambiguous("no answer");
    }
    if (noCapacity) {
      return new Creation.Refused(Refusal.NO_CAPACITY, "nothing free");
    }
    created++;
    var host = new Host(launch, "i-" + created, plane.engine.now());
    hosts.put(launch.label(), host);
    booted.accept(host);
    if (ambiguousCreates > 0) {
      ambiguousCreates--;
      return new Creation.Ambiguous("no answer");
    }
    return new Creation.Created(host.id, launch.offer().machineId());
  }

  @Override
  public Inventory list(String owner) {
    var asked = plane.engine.instant();
    mayBeSilent(Call.LIST, "list");
    var seen =
        hosts.values().stream()
            .map(h -> new Seen(h.label(), h.id, h.launch.offer().machineId(), Sighting.RUNNING))
            .toList();
    return new Inventory(asked, true, seen);
  }

  @Override
  public Sighting describe(String label) {
    try {
      mayBeSilent(Call.DESCRIBE, "describe");
    } catch (ProviderFailure e) {
      return Sighting.UNKNOWN;
    }
    return hosts.containsKey(label) ? Sighting.RUNNING : Sighting.GONE;
  }

  @Override
  public void terminate(String label) {
    answer(Call.TERMINATE, 200, 800);
    if (terminateFails) {
      throw new ProviderFailure("terminate failed", null);
    }
    var host = hosts.remove(label);
    if (host != null) {
      host.die(plane.engine.now());
    }
  }

  @Override
  public void terminate(String label, String instanceId) {
    var host = hosts.get(label);
    if (host != null && host.id.equals(instanceId)) {
      terminate(label);
    }
  }

  @Override
  public void kill(String label) {
    terminate(label);
  }

  private void mayBeSilent(Call call, String what) {
    if (silent) {
      noAnswer(call, what);
    }
    answer(call, 150, 600);
  }

  private void noAnswer(Call call, String what) {
    calls.merge(call, 1L, Long::sum);
    plane.takes(SILENT_MILLIS);
    throw new ProviderFailure(what + " gave no answer", null);
  }

  private void answer(Call call, int least, int most) {
    if (unreachable) {
      noAnswer(call, call.name());
    }
    calls.merge(call, 1L, Long::sum);
    plane.takes(Chance.between(random, least, most));
  }
}
