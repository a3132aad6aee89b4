package io.vaultlayer.bench.sim;

import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.core.reap.InstanceRow.State;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Instance items and money: what one write of them may do. */
final class MoneyRules {
  private static final double CENT = 1e-6;

  private final World world;
  private final Checks checks;

  MoneyRules(World world, Checks checks) {
    this.world = world;
    this.checks = checks;
  }

  // ---- instance items

  void instance(Optional<Item> old, Item item, Write.Put put, List<Write> writes) {
    var row = Checks.row(item);
    var label = row.label();
    require(
        row.state() == State.GONE || item.due().isPresent(),
        "INV-6",
        "instance " + label + " is not confirmed gone and nobody will look at it");
    require(
        !(put.expect() instanceof Expect.Anything),
        "INV-11",
        "the instance item " + label + " is written without looking");
    var before = old.map(Checks::row);
    if (row.state() == State.GONE && before.filter(b -> b.state() == State.GONE).isEmpty()) {
      gone(row, writes);
    }
    checks.launch(label).toEnd |= row.state() == State.TERMINATING;
    if (row.state() == State.TERMINATING
        && before.filter(b -> b.state() != State.TERMINATING).isPresent()) {
      require(
          !checks.owned(label) || isClosing(label),
          "INV-7",
          "instance " + label + " is to be terminated although a live job owns it");
    }
  }

  /** A launch is closed in two writes: first its instance item, then the lease forgets it. */
  private boolean isClosing(String label) {
    return world
        .plane
        .current
        .filter(i -> i.function == Invocation.Function.PROVISIONER)
        .isPresent();
  }

  private void gone(InstanceRow row, List<Write> writes) {
    var label = row.label();
    var truth = checks.launch(label);
    truth.gone = true;
    long now = world.engine.now();
    for (var instance : checks.instances(label)) {
      require(
          !instance.exists() || instance.liedAt >= 0 && now - instance.liedAt < 600_000,
          "INV-7",
          "instance " + label + " is confirmed gone, and it is there");
    }
    reserved(row)
        .ifPresent(usd ->
            require(
                writes.stream().anyMatch(w -> isMoneyOf(w, row.job().value())),
                "INV-9",
                "instance " + label + " is confirmed gone, and its money stays reserved"));
  }

  private static boolean isMoneyOf(Write write, String job) {
    return write.key().sort().equals("money") && write.key().partition().equals(job);
  }

  private Optional<Double> reserved(InstanceRow row) {
    // The transaction is applied as a whole, so what was reserved before is asked of the books kept
    // here.
    return Optional.ofNullable(books.getOrDefault(row.job().value(), Map.of()).get(row.label()));
  }

  /** A lease leaves its table only for the other one; nothing else that owes work is deleted. */
  void deleted(Write write, List<Write> writes) {
    var table = write.table();
    boolean moves =
        writes.stream()
            .anyMatch(w ->
                w instanceof Write.Put
                    && w.key().equals(write.key())
                    && !w.table().equals(table)
                    && List.of("leases", "ended").contains(w.table()));
    require(
        moves || !List.of("leases", "ended", "instances").contains(table),
        "INV-6",
        "a row of " + table + " was deleted: " + write.key().partition());
  }

  // ---- money

  private final Map<String, Map<String, Double>> books = new TreeMap<>();
  private final Map<String, Double> spent = new TreeMap<>();
  private final Map<String, Double> ungranted = new TreeMap<>();

  Map<String, Map<String, Double>> books() {
    return books;
  }

  void money(Optional<Item> old, Item item, Write.Put put, List<Write> writes) {
    var job = item.key().partition();
    var next = reserved(item);
    double nowSpent = number(item.attributes().get("spent"));
    var before = books.getOrDefault(job, Map.of());
    double wasSpent = spent.getOrDefault(job, 0.0);
    if (old.isPresent()) {
      require(put.expect() instanceof Expect.Version, "INV-9", job + ": money is written blindly");
      changed(job, before, next, wasSpent, nowSpent, item, writes);
    }
    books.put(job, next);
    spent.put(job, nowSpent);
  }

  private void changed(
      String job,
      Map<String, Double> before,
      Map<String, Double> next,
      double wasSpent,
      double nowSpent,
      Item item,
      List<Write> writes) {
    require(nowSpent >= wasSpent - CENT, "INV-9", job + ": what was spent is less now");
    double wasUngranted = ungranted.getOrDefault(job, 0.0);
    double nowUngranted = number(item.attributes().get("ungranted"));
    ungranted.put(job, nowUngranted);
    boolean reaper =
        world.plane.current.filter(i -> i.function == Invocation.Function.REAPER).isPresent();
    require(
        nowUngranted <= wasUngranted + CENT || reaper,
        "INV-9",
        job + ": money is booked past the budget by one who must not");
    boolean granted = !reaper && grants(job, before, next, writes);
    double owed = 0;
    for (var label : before.keySet()) {
      if (!next.containsKey(label)) {
        owed += released(job, label, writes);
      }
    }
    require(
        nowSpent - wasSpent >= owed - CENT,
        "INV-9",
        job + ": $" + (nowSpent - wasSpent) + " was booked for instances that cost $" + owed);
    require(
        nowSpent <= wasSpent + CENT || reaper, "INV-9", job + ": money was spent by nobody's look");
    double sum = next.values().stream().mapToDouble(Double::doubleValue).sum();
    var budget = item.attributes().get("budget");
    require(
        !granted || budget == null || sum + nowSpent <= number(budget) + CENT,
        "INV-9",
        job + ": $" + sum + " reserved and $" + nowSpent + " spent of a budget of $" + budget);
    require(
        budget == null || sum + nowSpent <= number(budget) + nowUngranted + CENT,
        "INV-9",
        job
            + ": $"
            + sum
            + " reserved and $"
            + nowSpent
            + " spent of a budget of $"
            + budget
            + " and $"
            + nowUngranted
            + " that nobody granted");
  }

  /** True when more is reserved for a launch; each one is intended in the same transaction. */
  private boolean grants(
      String job, Map<String, Double> before, Map<String, Double> next, List<Write> writes) {
    boolean more = false;
    for (var entry : next.entrySet()) {
      var was = before.get(entry.getKey());
      more |= was == null || entry.getValue() > was + CENT;
      require(
          was != null || intendedHere(job, entry.getKey(), writes),
          "INV-9",
          job + ": money is reserved for " + entry.getKey() + ", which is not intended with it");
      require(
          was != null || !checks.launch(entry.getKey()).gone,
          "INV-9",
          job + ": money is reserved for " + entry.getKey() + ", which is gone");
    }
    return more;
  }

  private boolean intendedHere(String job, String label, List<Write> writes) {
    return writes.stream()
            .anyMatch(w -> w.table().equals("instances") && w.key().partition().equals(label))
        && writes.stream()
            .anyMatch(w -> w.table().equals("leases") && w.key().partition().equals(job));
  }

  /** What the instances of a launch have cost at least, in USD; 0 where a provider lied. */
  private double released(String job, String label, List<Write> writes) {
    boolean confirmed =
        writes.stream()
            .filter(w -> w.table().equals("instances") && w.key().partition().equals(label))
            .anyMatch(w ->
                world
                    .rows
                    .get("instances", w.key())
                    .map(Checks::row)
                    .filter(r -> r.state() == State.GONE)
                    .isPresent());
    require(
        confirmed,
        "INV-9",
        job + ": money of " + label + " was released before it was confirmed gone");
    double usd = 0;
    var instances = checks.instances(label);
    for (var instance : instances) {
      if (!instance.exists() && instance.liedAt < 0 && instances.size() == 1) {
        // What was confirmed gone before, and came back in an older list, is paid already.
        long lived =
            instance.booked ? 0 : instance.endedAt - instance.createdAt - 2 * LeaseRules.SKEW;
        instance.booked = true;
        usd += Math.max(0, lived) / 3_600_000.0 * instance.usdPerHour;
      }
    }
    return usd;
  }

  private static Map<String, Double> reserved(Item item) {
    var map = new TreeMap<String, Double>();
    if (item.attributes().get("reserved") instanceof Map<?, ?> reserved) {
      reserved.forEach((label, usd) -> map.put(String.valueOf(label), number(usd)));
    }
    return map;
  }

  private static double number(Object value) {
    return value instanceof Number n ? n.doubleValue() : 0;
  }

  private void require(boolean holds, String invariant, String detail) {
    checks.require(holds, invariant, detail);
  }
}
