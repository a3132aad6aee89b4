package io.vaultlayer.functions.reaper;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.ClosedAttempt;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bucket.ObjectInfo;
import io.vaultlayer.core.retain.CheckpointId;
import io.vaultlayer.core.retain.Keep;
import io.vaultlayer.core.retain.Retained;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.CheckpointVerifier;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.JobSpec;
import io.vaultlayer.functions.state.RetentionRows;
import io.vaultlayer.functions.state.RetentionRows.Stored;
import io.vaultlayer.functions.state.Shared;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Deletes what nobody can start from any more, of one job. First the plan is stored, and from then
 * on what it dooms is pruned for everybody; then each manifest, then its objects that no other
 * manifest names. Cut short anywhere, the next look goes on.
 *
 * <p>Why an old view does no harm: the lease never names again what it named once and names no
 * longer; a commit may share files only with the two newest ({@link Shared}); and an epoch is swept
 * only when nothing of it can be committed or salvaged any more. So what nobody names now, nobody
 * ever will (docs/decisions/0017-retention.md).
 */
final class Retention {
  /** Commit records decided about in one look. */
  private static final int MOST_COMMITS = 500;

  /** Pages of keys swept in one look. */
  private static final int MOST_PAGES = 20;

  private static final int NEWEST_ATTEMPTS = 50;

  /** Twice the longest life of an agent's credentials: what was on its way has arrived by then. */
  static final Duration SETTLED = Duration.ofMinutes(120);

  private final Control control;
  private final Platform platform;
  private final RetentionRows rows;

  Retention(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.rows = new RetentionRows(platform);
  }

  /** One look at one job. */
  void look(JobId job) {
    // The row before the lease: what it says is decided, of the lease an older state would do too.
    var stored = rows.load(job);
    var found = control.leases().load(job);
    if (found.isEmpty()) {
      return;
    }
    var lease = found.get();
    var commits = commits(job, stored);
    if (stored.value().doomed().isEmpty()) {
      var planned = plan(lease, stored, commits.ids());
      if (planned.isEmpty()) {
        return;
      }
      stored = planned.get();
    }
    int settled = commits.isWhole() ? settledEpoch(lease) : 0;
    if (stored.value().doomed().isEmpty() && settled <= stored.value().swept()) {
      return;
    }
    var bucket = platform.bucket("BUCKET");
    var named = named(bucket, lease, stored.value(), commits.ids());
    if (named.isEmpty()) {
      return;
    }
    if (!stored.value().doomed().isEmpty()) {
      var next = delete(bucket, job, stored.value(), named.get());
      var written = rows.replace(job, stored, next);
      if (written.isEmpty()) {
        return;
      }
      stored = written.get();
    }
    sweep(bucket, job, stored, settled, named.get());
  }

  // ---- which commits there are

  /**
   * @param isWhole false: there are later ones
   */
  private record Commits(List<CheckpointId> ids, boolean isWhole) {}

  private Commits commits(JobId job, Stored stored) {
    var page = control.records().page(job, "c#", MOST_COMMITS, stored.from());
    var upTo = stored.value().upTo();
    var ids =
        page.items().stream()
            .map(i -> CheckpointId.parse(i.key().sort().substring(2)))
            .filter(id -> upTo.filter(end -> id.compareTo(end) <= 0).isEmpty())
            .toList();
    return new Commits(ids, page.next().isEmpty());
  }

  /** Behind all that a plan has decided about; every store makes such marks of its own. */
  private Optional<String> after(JobId job, Stored stored, long decided) {
    return decided == 0
        ? stored.from()
        : control.records().page(job, "c#", (int) decided, stored.from()).next();
  }

  // ---- the plan

  /** Empty when nothing can be decided now. */
  private Optional<Stored> plan(Lease lease, Stored stored, List<CheckpointId> commits) {
    var job = lease.job();
    var condemned =
        control.records().rows(job, "x#").stream()
            .map(i -> CheckpointId.parse(i.key().sort().substring(2)))
            .collect(Collectors.toSet());
    var keep = control.records().spec(job).map(JobSpec::keep).orElse(Keep.USUAL);
    var plan =
        io.vaultlayer.core.retain.Retention.plan(
            stored.value(), commits, ids(leaseNames(lease)), condemned, keep);
    if (plan.equals(stored.value())) {
      return Optional.of(stored);
    }
    if (!plan.doomed().isEmpty() && !areNewestWhole(lease)) {
      return Optional.empty();
    }
    var from = after(job, stored, plan.count() - stored.value().count());
    var written = rows.replace(job, stored, plan, from);
    written.ifPresent(w -> {
      if (!plan.doomed().isEmpty()) {
        control.log().note("pruned", job.value(), plan.doomed().size() + " checkpoints");
      }
    });
    return written;
  }

  /** Nothing goes while one of the newest two is damaged: an older one may be needed then. */
  private boolean areNewestWhole(Lease lease) {
    var verifier = new CheckpointVerifier(platform.bucket("BUCKET"));
    var newest = leaseNames(lease).stream().limit(Keep.LEAST_LAST).toList();
    boolean whole =
        newest.size() == Keep.LEAST_LAST
            && newest.stream()
                .allMatch(p ->
                    verifier.look(lease.job(), p.manifestKey(), p.manifestSha256())
                        instanceof CheckpointVerifier.Look.Whole);
    if (!whole) {
      control
          .log()
          .note("nothing pruned", lease.job().value(), "the newest two are not both whole");
    }
    return whole;
  }

  /** Newest first. */
  private static List<Pointer> leaseNames(Lease lease) {
    var all = new ArrayList<Pointer>();
    lease.pointer().ifPresent(all::add);
    all.addAll(lease.earlier());
    return all;
  }

  private static Set<CheckpointId> ids(Collection<Pointer> pointers) {
    return pointers.stream().map(CheckpointId::of).collect(Collectors.toSet());
  }

  // ---- what must stay

  /**
   * The manifests that are not pruned, and all that they name. Empty when one that the lease names
   * cannot be read: then nothing is known to be superfluous.
   */
  private Optional<Set<String>> named(
      Bucket bucket, Lease lease, Retained retained, List<CheckpointId> commits) {
    var job = lease.job().value();
    var named = new HashSet<String>();
    for (var pointer : leaseNames(lease)) {
      var keys = Shared.keys(bucket, pointer);
      if (keys.isEmpty()) {
        control.log().note("unreadable", job, pointer.manifestKey() + " is not what was committed");
        return Optional.empty();
      }
      named.add(pointer.manifestKey());
      named.addAll(keys.get());
    }
    var others = new HashSet<String>();
    retained.kept().forEach(k -> others.add(manifest(job, k.id())));
    commits.stream().filter(c -> !retained.isPruned(c)).forEach(c -> others.add(manifest(job, c)));
    others.removeAll(named);
    named.addAll(others);
    for (var manifest : others) {
      // Nobody can start from one that cannot be read: its digest is not the commit record's.
      named.addAll(keysOf(bucket, lease.job(), manifest));
    }
    return Optional.of(named);
  }

  private static String manifest(String job, CheckpointId id) {
    return BucketLayout.checkpointManifest(job, id.epoch(), id.step());
  }

  // ---- deleting

  /**
   * @return the row with nothing doomed any more
   */
  private Retained delete(Bucket bucket, JobId job, Retained retained, Set<String> named) {
    boolean anew = false;
    for (var id : retained.doomed()) {
      var manifest = manifest(job.value(), id);
      Set<String> shared = Set.of();
      if (bucket.head(manifest).isPresent()) {
        shared = keysOf(bucket, job, manifest);
        bucket.delete(List.of(manifest));
      } else {
        // A look before this one died here, and what this one shared is known to nobody.
        anew = true;
      }
      var prefix = BucketLayout.checkpoint(job.value(), id.epoch(), id.step());
      deleteUnder(bucket, prefix, Optional.empty(), Integer.MAX_VALUE, named);
      remove(bucket, shared.stream().filter(key -> !named.contains(key)).sorted().toList());
    }
    var done = retained.done();
    return anew ? done.swept(0, Optional.empty()) : done;
  }

  private static Set<String> keysOf(Bucket bucket, JobId job, String manifest) {
    try {
      return Shared.keys(bucket, job, manifest);
    } catch (Json.MalformedJson | IllegalStateException e) {
      return Set.of();
    }
  }

  /**
   * @return where it stopped, when there is more
   */
  private static Optional<String> deleteUnder(
      Bucket bucket, String prefix, Optional<String> after, int pages, Set<String> named) {
    var at = after;
    for (int page = 0; page < pages; page++) {
      var listing = bucket.list(prefix, at, Bucket.MOST_KEYS);
      remove(
          bucket,
          listing.objects().stream()
              .map(ObjectInfo::key)
              .filter(key -> !named.contains(key))
              .toList());
      at = listing.next();
      if (at.isEmpty()) {
        return at;
      }
    }
    return at;
  }

  private static void remove(Bucket bucket, List<String> keys) {
    for (int from = 0; from < keys.size(); from += Bucket.MOST_KEYS) {
      bucket.delete(keys.subList(from, Math.min(keys.size(), from + Bucket.MOST_KEYS)));
    }
  }

  // ---- epochs that are over

  /**
   * The newest epoch of which nothing can arrive, be committed or be salvaged any more: its attempt
   * ended two credential lives ago, and the next one has its owner, is over itself, or never comes.
   */
  private int settledEpoch(Lease lease) {
    int limit =
        lease.state() == JobState.SUCCEEDED
            ? lease.epoch()
            : lease.state().isFinal() || lease.bound().isPresent()
                ? lease.epoch() - 1
                : lease.epoch() - 2;
    var before = platform.clock().instant().minus(SETTLED);
    return control.records().newestAttempts(lease.job(), NEWEST_ATTEMPTS).stream()
        .filter(a -> a.epoch() <= limit && a.endedAt().isBefore(before))
        .mapToInt(ClosedAttempt::epoch)
        .max()
        .orElse(0);
  }

  /** Removes what the closed epochs left behind: half-written, never committed, come too late. */
  private void sweep(Bucket bucket, JobId job, Stored stored, int settled, Set<String> named) {
    var retained = stored.value();
    int epoch = retained.swept();
    var at = retained.sweptAt();
    for (int looked = 0; epoch < settled && looked < MOST_PAGES; looked++) {
      at = deleteUnder(bucket, BucketLayout.checkpoints(job.value(), epoch + 1), at, 1, named);
      epoch += at.isEmpty() ? 1 : 0;
    }
    if (epoch != retained.swept() || !at.equals(retained.sweptAt())) {
      rows.replace(job, stored, retained.swept(epoch, at));
    }
  }
}
