package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Provider;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A cloud that does as it is told, also the nasty things. Like most clouds it knows nothing of
 * labels being unique: a create repeated blindly makes a second instance, which a test then sees.
 */
public final class FakeProvider implements Provider {
  /** What the next create does. */
  public sealed interface NextCreate {
    record Succeed() implements NextCreate {}

    record Refuse(Refusal why) implements NextCreate {}

    /** No usable answer; {@code made} says whether the instance came into being all the same. */
    record Ambiguous(boolean made) implements NextCreate {}
  }

  private static final class Instance {
    final String label;
    final String id;
    final String machine;
    Sighting sighting = Sighting.RUNNING;
    int hiddenForLists;
    int listsUntilGone = -1;

    Instance(String label, String id, String machine) {
      this.label = label;
      this.id = id;
      this.machine = machine;
    }
  }

  private final Facts facts;
  private final InstantSource clock;
  private final List<Instance> instances = new ArrayList<>();
  private final Deque<NextCreate> nextCreates = new ArrayDeque<>();
  private final Map<String, Sighting> lies = new HashMap<>();
  private final List<Launch> launches = new ArrayList<>();
  private final List<String> terminations = new ArrayList<>();
  private List<Offer> offers;
  private boolean noCapacity;
  private boolean failing;
  private boolean losesTerminateAnswers;
  private int hiddenFromList;
  private int listsUntilTerminated;
  private int listsUntilVisible;
  private int made;

  public FakeProvider(Facts facts, List<Offer> offers, InstantSource clock) {
    this.facts = facts;
    this.offers = List.copyOf(offers);
    this.clock = clock;
  }

  /** A validated provider {@code fake} with one free spot machine of class {@code cpu}. */
  public FakeProvider(InstantSource clock) {
    this(facts("fake"), List.of(offer("fake", "m-1")), clock);
  }

  /** Facts as the local provider's: beat 2 s, lease 8 s. */
  public static Facts facts(String name) {
    return new Facts(
        name,
        "validated",
        "a fake",
        2,
        8,
        Duration.ofSeconds(60),
        Duration.ofSeconds(5),
        Optional.of("the test ends it"));
  }

  /** A free spot machine of class {@code cpu}. */
  public static Offer offer(String provider, String machineId) {
    return new Offer(provider, "here", GpuClass.CPU, 1, 0, "spot", 0.0, machineId, true);
  }

  @Override
  public synchronized Facts facts() {
    return facts;
  }

  @Override
  public synchronized List<Offer> offers(List<GpuClass> classes) {
    answer();
    return noCapacity
        ? List.of()
        : offers.stream().filter(offer -> classes.contains(offer.gpu())).toList();
  }

  @Override
  public synchronized Creation create(Launch launch) {
    launches.add(launch);
    if (noCapacity) {
      return new Creation.Refused(Refusal.NO_CAPACITY, "nothing free");
    }
    var next = nextCreates.isEmpty() ? new NextCreate.Succeed() : nextCreates.poll();
    return switch (next) {
      case NextCreate.Refuse(Refusal why) -> new Creation.Refused(why, "told to refuse");
      case NextCreate.Ambiguous(boolean comesToBe) -> {
        if (comesToBe) {
          make(launch);
        }
        yield new Creation.Ambiguous("no answer");
      }
      case NextCreate.Succeed() -> {
        var instance = make(launch);
        yield new Creation.Created(instance.id, instance.machine);
      }
    };
  }

  @Override
  public synchronized Inventory list(String owner) {
    answer();
    var seen = new ArrayList<Seen>();
    var prefix = "vl-" + owner + "-";
    for (var instance : List.copyOf(instances)) {
      if (instance.listsUntilGone == 0) {
        instances.remove(instance);
        continue;
      }
      if (instance.listsUntilGone > 0) {
        instance.listsUntilGone--;
      }
      if (instance.hiddenForLists > 0) {
        instance.hiddenForLists--;
        continue;
      }
      if (instance.label.startsWith(prefix)) {
        seen.add(new Seen(instance.label, instance.id, instance.machine, instance.sighting));
      }
    }
    int shownFrom = Math.min(hiddenFromList, seen.size());
    return new Inventory(
        clock.instant(), hiddenFromList == 0, seen.subList(shownFrom, seen.size()));
  }

  @Override
  public synchronized Sighting describe(String label) {
    if (failing) {
      return Sighting.UNKNOWN;
    }
    if (lies.containsKey(label)) {
      return lies.get(label);
    }
    return instances.stream()
        .filter(instance -> instance.label.equals(label))
        .map(instance -> instance.sighting)
        .findFirst()
        .orElse(Sighting.GONE);
  }

  @Override
  public synchronized void terminate(String label) {
    end(label, instance -> true);
  }

  @Override
  public synchronized void terminate(String label, String instanceId) {
    end(label, instance -> instance.id.equals(instanceId));
  }

  private void end(String label, Predicate<Instance> which) {
    answer();
    terminations.add(label);
    for (var instance : instances) {
      if (instance.label.equals(label) && which.test(instance) && instance.listsUntilGone < 0) {
        instance.listsUntilGone = listsUntilTerminated;
      }
    }
    instances.removeIf(instance -> instance.listsUntilGone == 0);
    if (losesTerminateAnswers) {
      throw new ProviderFailure(facts.name() + " gave no answer to a terminate", null);
    }
  }

  @Override
  public synchronized void kill(String label) {
    answer();
    vanish(label);
  }

  /** Replaces what is offered. */
  public synchronized void offers(Offer... now) {
    offers = List.of(now);
  }

  /** Nothing is offered and every create is refused. */
  public synchronized void noCapacity(boolean none) {
    noCapacity = none;
  }

  /** Lists, offers, terminates and kills fail; describe knows nothing. */
  public synchronized void failing(boolean fails) {
    failing = fails;
  }

  /** Queues what the next create does; after the queue is empty creates succeed. */
  public synchronized void nextCreate(NextCreate next) {
    nextCreates.add(next);
  }

  /** From now on lists leave out the first {@code count} instances and say so; 0 ends it. */
  public synchronized void partialList(int count) {
    hiddenFromList = count;
  }

  /** What describe says of a label whatever is true; empty ends the lie. */
  public synchronized void lie(String label, Optional<Sighting> said) {
    said.ifPresentOrElse(sighting -> lies.put(label, sighting), () -> lies.remove(label));
  }

  /** Terminates take effect, and nobody hears of it. */
  public synchronized void loseTerminateAnswers(boolean lost) {
    losesTerminateAnswers = lost;
  }

  /** A terminate takes effect only after this many further lists; 0 is at once. */
  public synchronized void terminateAfterLists(int lists) {
    listsUntilTerminated = lists;
  }

  /** New instances are missing from this many lists after their create. */
  public synchronized void visibleAfterLists(int lists) {
    listsUntilVisible = lists;
  }

  /** The machine is lost without warning. */
  public synchronized void vanish(String label) {
    instances.removeIf(instance -> instance.label.equals(label));
  }

  /** Changes what list and describe show of an instance. */
  public synchronized void show(String label, Sighting sighting) {
    instances.stream()
        .filter(instance -> instance.label.equals(label))
        .forEach(instance -> instance.sighting = sighting);
  }

  /** Labels of the instances that exist and cost money, hidden ones too. */
  public synchronized List<String> alive() {
    return instances.stream().map(instance -> instance.label).toList();
  }

  /** Ids of the instances under a label, hidden ones too, oldest first. */
  public synchronized List<String> ids(String label) {
    return instances.stream().filter(i -> i.label.equals(label)).map(i -> i.id).toList();
  }

  /** Every create call, in order. */
  public synchronized List<Launch> launches() {
    return List.copyOf(launches);
  }

  /** Labels of every terminate call, in order. */
  public synchronized List<String> terminations() {
    return List.copyOf(terminations);
  }

  private Instance make(Launch launch) {
    made++;
    var instance = new Instance(launch.label(), "i-" + made, launch.offer().machineId());
    instance.hiddenForLists = listsUntilVisible;
    instances.add(instance);
    return instance;
  }

  private void answer() {
    if (failing) {
      throw new ProviderFailure(facts.name() + " gave no answer", null);
    }
  }
}
