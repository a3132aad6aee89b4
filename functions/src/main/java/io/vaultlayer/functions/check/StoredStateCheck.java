package io.vaultlayer.functions.check;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.core.reap.InstanceRow;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.state.CheckpointVerifier;
import io.vaultlayer.functions.state.CheckpointVerifier.Look;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Instances;
import io.vaultlayer.wire.Lists;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * {@code vl check}: the invariants over what is stored, page by page, first the jobs, then the
 * instances. Jobs move while they are read, so whatever looks broken is read again: only what is
 * found in every one of several reads, during each of which the job's lease did not move, is
 * reported. docs/invariants.md says what each one means and what stored state can show of it.
 */
public final class StoredStateCheck {
  /** Jobs in one page: each costs some ten reads, and an answer has 25 seconds. */
  static final int MOST_JOBS = 100;

  static final int MOST_INSTANCES = 500;

  /** Reads that must agree before anything is called broken. */
  private static final int READS = 3;

  /** Tries to read a job while its lease stands still; one that beats moves every few seconds. */
  private static final int MOST_TRIES = 10;

  private static final Duration BETWEEN_READS = Duration.ofMillis(300);

  /** Longer than any pause between two looks of the reaper at an instance that nobody owns. */
  private static final Duration REAPER_BOUND = Duration.ofHours(1);

  private static final Pattern JOB = Pattern.compile("job_[0-9a-z]{26}");

  private final Platform platform;
  private final Control control;
  private final Instances instances;
  private final CheckpointVerifier verifier;
  private final boolean deep;
  private int openInstances;
  private int reservations;

  /**
   * @param deep read every file of each pointer, and compare its digest
   */
  public StoredStateCheck(Platform platform, Control control, boolean deep) {
    this.platform = platform;
    this.control = control;
    this.instances = new Instances(platform);
    this.verifier = new CheckpointVerifier(platform.bucket("BUCKET"));
    this.deep = deep;
  }

  /** Where the check goes on: in the live jobs, the ended ones or the instances. */
  private record Cursor(char phase, Optional<String> rest) {
    String render() {
      return phase + "~" + rest.orElse("");
    }

    static Cursor parse(String text) {
      if (text.length() < 2 || text.charAt(1) != '~' || "jei".indexOf(text.charAt(0)) < 0) {
        throw new ApiError(
            400, "malformed", "checking: after is the next of an earlier answer, as it was given");
      }
      return new Cursor(text.charAt(0), Optional.of(text.substring(2)).filter(r -> !r.isEmpty()));
    }
  }

  /** One job, and its instances as far as one page of the instances goes. */
  public Lists.Check one(JobId job, Optional<String> after) {
    var broken = new ArrayList<Lists.Broken>();
    if (after.isEmpty()) {
      job(job, broken);
    }
    var cursor = after.map(Cursor::parse).orElse(new Cursor('i', Optional.empty()));
    var next = instances(Optional.of(job), cursor.rest(), broken);
    return answer(after.isEmpty() ? 1 : 0, broken, next.map(Cursor::render));
  }

  /** Every job, a page at a time; what fits into one page is answered whole. */
  public Lists.Check all(Optional<String> after, int limit) {
    var broken = new ArrayList<Lists.Broken>();
    var cursor = after.map(Cursor::parse).orElse(new Cursor('j', Optional.empty()));
    int jobs = 0;
    while (cursor.phase() != 'i') {
      var page = page(cursor, Math.min(limit, MOST_JOBS));
      for (var item : page.items()) {
        job(new JobId(item.key().partition()), broken);
      }
      jobs += page.items().size();
      if (page.next().isPresent()) {
        var behind = new Cursor(cursor.phase(), page.next()).render();
        return answer(jobs, broken, Optional.of(behind));
      }
      cursor = new Cursor(cursor.phase() == 'j' ? 'e' : 'i', Optional.empty());
    }
    var next = instances(Optional.empty(), cursor.rest(), broken);
    return answer(jobs, broken, next.map(Cursor::render));
  }

  private Lists.Check answer(int jobs, List<Lists.Broken> broken, Optional<String> next) {
    return new Lists.Check(
        jobs, broken.stream().distinct().toList(), openInstances, reservations, next.orElse(null));
  }

  /** Live ones first: a job that ends meanwhile may be looked at twice, but is not missed. */
  private Page page(Cursor at, int limit) {
    return at.phase() == 'j'
        ? control.leases().scan(0, 1, limit, at.rest())
        : control.leases().scanEnded(limit, at.rest());
  }

  // ---- jobs

  private void job(JobId job, List<Lists.Broken> broken) {
    lasting(() -> readable("its lease or a record of it", () -> look(job)))
        .forEach(f -> broken.add(new Lists.Broken(job.value(), f.invariant(), f.detail())));
  }

  /** One read of a job: empty when its lease moved meanwhile. */
  private Optional<Set<Finding>> look(JobId job) {
    var loaded = control.leases().load(job);
    if (loaded.isEmpty()) {
      return Optional.empty();
    }
    var before = loaded.get();
    var found = new LinkedHashSet<>(JobChecks.of(History.load(control.records(), before)));
    checkpoint(before).ifPresent(found::add);
    if (control.leases().isDoubled(job)) {
      found.add(new Finding("INV-5", "its lease stands among the live and among the ended ones"));
    }
    launches(before, found);
    reservations(job, found);
    return control
        .leases()
        .load(job)
        .map(Lease::sequence)
        .filter(s -> s == before.sequence())
        .map(s -> found);
  }

  /** INV-6: what cannot be read has no time at which anybody acts on it. */
  private static Finding unreadable(String what, RuntimeException e) {
    var told = String.valueOf(e.getMessage());
    var named = told.matches("(?s)INV-\\d+: .*");
    return named
        ? new Finding(
            told.substring(0, told.indexOf(':')),
            what + ": " + told.substring(told.indexOf(':') + 2))
        : new Finding("INV-6", what + " cannot be read: " + told);
  }

  /** INV-2: manifest and files are there as the pointer tells. */
  private Optional<Finding> checkpoint(Lease lease) {
    if (lease.pointer().isEmpty()) {
      return Optional.empty();
    }
    var pointer = lease.pointer().get();
    Optional<String> problem;
    if (deep) {
      problem = verifier.damage(lease.job(), pointer);
    } else {
      var look = verifier.look(lease.job(), pointer.manifestKey(), pointer.manifestSha256());
      problem =
          look instanceof Look.Damaged damaged ? Optional.of(damaged.problem()) : Optional.empty();
    }
    return problem.map(
        p -> new Finding("INV-2", "the pointer's step " + pointer.step() + ": " + p));
  }

  /** INV-7: whoever may own the job has an item by which it is found when it does not any more. */
  private void launches(Lease lease, Set<Finding> found) {
    for (var launch : lease.launches()) {
      if (!exists(launch.label())) {
        found.add(
            new Finding("INV-7", launch.label() + " is open, but no item would bring its end"));
      }
    }
  }

  /** INV-9: an item that is not there will never release what is reserved for it. */
  private void reservations(JobId job, Set<Finding> found) {
    control.records().findMoney(job).stream()
        .flatMap(m -> m.value().reserved().keySet().stream())
        .filter(label -> !exists(label))
        .forEach(label ->
            found.add(
                new Finding("INV-9", "money is reserved for " + label + ", which has no item")));
  }

  private boolean exists(String label) {
    try {
      return instances.load(label).isPresent();
    } catch (IllegalArgumentException | IllegalStateException e) {
      return true; // reported for what it holds
    }
  }

  // ---- instances

  private Optional<Cursor> instances(
      Optional<JobId> only, Optional<String> from, List<Lists.Broken> broken) {
    Page page = instances.scan(MOST_INSTANCES, from);
    for (Item item : page.items()) {
      var label = item.key().partition();
      if (only.isPresent() && !label.contains("-" + only.get().value() + "-")) {
        continue;
      }
      var owner = JOB.matcher(label);
      var job = owner.find() ? owner.group() : label;
      lasting(() -> readable("the item of " + label, () -> instance(label)))
          .forEach(f -> broken.add(new Lists.Broken(job, f.invariant(), f.detail())));
      count(label);
    }
    return page.next().map(n -> new Cursor('i', Optional.of(n)));
  }

  /** What is not settled yet; whether it should be, the findings say. */
  private void count(String label) {
    try {
      var row = instances.load(label).map(r -> r.value());
      if (row.filter(r -> r.state() != InstanceRow.State.GONE).isPresent()) {
        openInstances++;
      }
      if (row.flatMap(r -> control.records().findMoney(r.job()))
          .filter(m -> m.value().reserved().containsKey(label))
          .isPresent()) {
        reservations++;
      }
    } catch (IllegalArgumentException | IllegalStateException e) {
      openInstances++; // reported for what it holds
    }
  }

  /** One read of an instance item with the lease and the money beside it. */
  private Optional<Set<Finding>> instance(String label) {
    var stored = instances.load(label);
    if (stored.isEmpty()) {
      return Optional.of(Set.of());
    }
    var row = stored.get().value();
    var found = new LinkedHashSet<Finding>();
    var money = control.records().findMoney(row.job());
    var reserved = money.filter(m -> m.value().reserved().containsKey(label)).isPresent();
    var gone = row.state() == InstanceRow.State.GONE;
    if (gone && reserved) {
      found.add(new Finding("INV-9", "money is reserved for " + label + ", which is gone"));
    }
    if (!gone && !reserved && money.isPresent() && row.usdPerHour() > 0) {
      found.add(new Finding("INV-9", "the money of " + label + " was released before its end"));
    }
    lease(row.job()).ifPresent(lease -> owner(row, lease, found));
    var again = instances.load(label).map(r -> r.value());
    return again.equals(Optional.of(row)) ? Optional.of(found) : Optional.empty();
  }

  /** Empty also where it cannot be read: the job itself is reported for that. */
  private Optional<Lease> lease(JobId job) {
    try {
      return control.leases().load(job);
    } catch (IllegalArgumentException | IllegalStateException e) {
      return Optional.empty();
    }
  }

  private void owner(InstanceRow row, Lease lease, Set<Finding> found) {
    var now = platform.clock().instant();
    var owned = lease.launches().stream().anyMatch(l -> l.label().equals(row.label()));
    if (owned
        && row.state() == InstanceRow.State.GONE
        && lease.boundLaunch().filter(l -> l.label().equals(row.label())).isPresent()) {
      found.add(new Finding("INV-8", row.label() + " owns its job, but was confirmed gone"));
    }
    if (!owned && row.dueAt().filter(at -> at.isAfter(now.plus(REAPER_BOUND))).isPresent()) {
      found.add(
          new Finding(
              "INV-7",
              row.label()
                  + ": nobody owns it, and nobody looks at it before "
                  + row.dueAt().get()));
    }
    if (row.epoch() > lease.epoch() + 1) {
      found.add(
          new Finding(
              "INV-11", row.label() + " was intended for an epoch that the job never reached"));
    }
  }

  // ---- what lasts

  /** A row that cannot be read is a finding, not the end of the check. */
  private static Optional<Set<Finding>> readable(
      String what, Supplier<Optional<Set<Finding>>> read) {
    try {
      return read.get();
    } catch (StoreUnavailable | TransportUnavailable e) {
      throw e;
    } catch (RuntimeException e) {
      return Optional.of(Set.of(unreadable(what, e)));
    }
  }

  /** What every read shows; nothing when the thing never stood still long enough to be judged. */
  private Set<Finding> lasting(Supplier<Optional<Set<Finding>>> one) {
    var common = Optional.<Set<Finding>>empty();
    int reads = 0;
    for (int tries = 0; tries < MOST_TRIES && reads < READS; tries++) {
      if (tries > 0) {
        platform.pause(BETWEEN_READS);
      }
      var read = one.get();
      if (read.isEmpty()) {
        continue;
      }
      reads++;
      var found = new LinkedHashSet<>(read.get());
      common.ifPresent(found::retainAll);
      common = Optional.of(found);
      if (common.get().isEmpty()) {
        return Set.of();
      }
    }
    return reads == READS ? common.orElse(Set.of()) : Set.of();
  }
}
