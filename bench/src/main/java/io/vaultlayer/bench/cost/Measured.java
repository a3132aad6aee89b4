package io.vaultlayer.bench.cost;

import io.vaultlayer.aws.RowSize;
import io.vaultlayer.core.port.Item;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was counted.
 *
 * @param idleHour of a plane in which no job lives
 * @param liveHour of a plane in which some do, without their share and without the sweeps
 * @param instanceHour what one more live instance uses in an hour, without the sweeps
 * @param events what happens once: a job's start, a loss, a commit, its end
 * @param beat one heartbeat
 * @param sweeps the watchdog's tick at so many leases
 * @param leaseBytes a running lease's row
 * @param jobBytes all rows of a job after an hour
 */
record Measured(
    Bill idleHour,
    Bill liveHour,
    Bill instanceHour,
    Map<String, Bill> events,
    Bill beat,
    List<Sweep> sweeps,
    int leaseBytes,
    int jobBytes) {

  /**
   * Commits of an instance in an hour: one each 20 minutes, which is Young's interval for a save of
   * 20 s and a loss each ten hours.
   */
  static final int COMMITS_PER_HOUR = 3;

  /** Renewals of the bucket's credentials, whose life is an hour at most. */
  static final int CREDENTIALS_PER_HOUR = 2;

  private static final int HOUR = 3600;

  static Measured all(boolean quick) {
    var idle = idle();
    int few = 2;
    int many = quick ? 6 : 20;
    var small = live(few);
    var large = live(many);
    var smallRest = small.hour.minus(Sweep.measure(few).hour());
    var largeRest = large.hour.minus(Sweep.measure(many).hour());
    var instance = largeRest.minus(smallRest).times(1.0 / (many - few));
    var fixed = smallRest.minus(instance.times(few));
    var sweeps = new ArrayList<Sweep>();
    for (int leases : quick ? new int[] {1, 1000, 10_000} : new int[] {1, 1000, 10_000, 100_000}) {
      sweeps.add(Sweep.measure(leases));
    }
    return new Measured(
        idle, fixed, instance, happenings(), small.beat, sweeps, large.leaseBytes, large.jobBytes);
  }

  /** An hour after things have come to rest. */
  private static Bill idle() {
    var plane = new CostPlane();
    pass(plane, 600);
    return plane.meter.of(() -> pass(plane, HOUR));
  }

  private static void pass(CostPlane plane, int seconds) {
    for (int i = 0; i < seconds; i++) {
      plane.second();
    }
  }

  private record Live(Bill hour, Bill beat, int leaseBytes, int jobBytes) {}

  /** An hour of so many instances, each beating, saving and renewing at a time of its own. */
  private static Live live(int instances) {
    var plane = new CostPlane();
    var attempts = new ArrayList<Attempt>();
    for (int i = 0; i < instances; i++) {
      plane.submit();
      attempts.addAll(begun(plane));
    }
    play(plane, attempts, 300);
    var hour = plane.meter.of(() -> play(plane, attempts, HOUR));
    var beat = plane.meter.of(() -> attempts.getFirst().beat());
    int bytes = plane.rows.tables().stream().mapToInt(t -> bytes(plane.rows.all(t))).sum();
    return new Live(hour, beat, bytes(plane.rows.all("leases")) / instances, bytes / instances);
  }

  private static int bytes(List<Item> items) {
    return items.stream().mapToInt(RowSize::bytes).sum();
  }

  private static List<Attempt> begun(CostPlane plane) {
    var attempts =
        plane.fleet.takeCreated().values().stream().map(b -> new Attempt(plane, b)).toList();
    attempts.forEach(Attempt::register);
    attempts.forEach(Attempt::beat);
    plane.deliver();
    return attempts;
  }

  private static void play(CostPlane plane, List<Attempt> attempts, int seconds) {
    for (int second = 0; second < seconds; second++) {
      plane.second();
      for (int i = 0; i < attempts.size(); i++) {
        int own = second + 7 * i;
        if (own % 10 == 0) {
          attempts.get(i).beat();
        }
        if (own % (HOUR / COMMITS_PER_HOUR) == 5) {
          attempts.get(i).commit();
        }
        if (own % (HOUR / CREDENTIALS_PER_HOUR) == 8) {
          attempts.get(i).credentials();
        }
      }
    }
  }

  /** What a job costs beside its hours: each as it happens, the ticks of that time included. */
  private static Map<String, Bill> happenings() {
    var plane = new CostPlane();
    pass(plane, 120);
    var events = new LinkedHashMap<String, Bill>();
    var attempts = new ArrayList<Attempt>();
    events.put(
        "start",
        plane.meter.of(() -> {
          plane.submit();
          attempts.addAll(begun(plane));
        }));
    play(plane, attempts, 90);
    events.put("commit", plane.meter.of(() -> attempts.getFirst().commit()));
    events.put(
        "loss",
        plane.meter.of(() -> {
          plane.fleet.vanish(attempts.removeFirst().label());
          for (int i = 0; i < 60 && attempts.isEmpty(); i++) {
            plane.second();
            attempts.addAll(begun(plane));
          }
        }));
    if (attempts.isEmpty()) {
      throw new IllegalStateException("the loss was not seen within a minute");
    }
    play(plane, attempts, 30);
    events.put(
        "end",
        plane.meter.of(() -> {
          attempts.getFirst().succeed();
          pass(plane, 60);
        }));
    return events;
  }
}
