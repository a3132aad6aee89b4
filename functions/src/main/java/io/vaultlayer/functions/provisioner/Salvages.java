package io.vaultlayer.functions.provisioner;

import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.CheckpointVerifier;
import io.vaultlayer.functions.state.CheckpointVerifier.Look;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Shared;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Manifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Looks, before an epoch's first intent, for a checkpoint of the closed epoch that was stored whole
 * but whose commit did not come: its owner was lost in between. An agent stores the manifest last
 * and only for what its gate let through, so what verifies here would have been committed.
 */
final class Salvages {
  /** Pages of keys after the pointer's step that are looked through for manifests. */
  private static final int MOST_PAGES = 5;

  /** Manifests that are verified, newest first: an older one is not worth a longer look. */
  private static final int MOST_VERIFIED = 3;

  private static final Pattern STEP = Pattern.compile(".*/step-(\\d{12})/_manifest\\.json");

  private final Platform platform;
  private final Control control;

  Salvages(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
  }

  /**
   * The lease with what could be salvaged. A bucket that gives no answer salvages nothing: work is
   * repeated, and nobody waits for it.
   */
  Lease look(Lease lease) {
    if (lease.epoch() == 1 || !mayHaveSaved(lease)) {
      return lease;
    }
    try {
      var found = newest(lease);
      if (found.isEmpty()) {
        return lease;
      }
      var event =
          new JobEvent.Salvage(
              platform.clock().instant(), lease.epoch(), found.get(), lease.pointer());
      var result = control.leases().apply(lease.job(), event);
      control.effects().perform(result);
      return result.lease();
    } catch (TransportUnavailable e) {
      control.log().note("nothing salvaged", lease.job().value(), String.valueOf(e.getMessage()));
      return lease;
    }
  }

  /** False where the closed epoch's program never ran: most failed launches cost no listing. */
  private boolean mayHaveSaved(Lease lease) {
    return control.records().newestAttempts(lease.job(), 1).stream()
        .anyMatch(a -> a.epoch() == lease.epoch() - 1 && a.outcome() != Outcome.NEVER_STARTED);
  }

  private Optional<Pointer> newest(Lease lease) {
    var job = lease.job();
    int closed = lease.epoch() - 1;
    var bucket = platform.bucket("BUCKET");
    var steps = steps(bucket, lease, closed);
    steps.removeIf(step -> control.records().isHeldOrCondemned(job, closed, step));
    var verifier = new CheckpointVerifier(bucket);
    for (int i = steps.size() - 1; i >= Math.max(0, steps.size() - MOST_VERIFIED); i--) {
      long step = steps.get(i);
      var key = BucketLayout.checkpointManifest(job.value(), closed, step);
      var digest = bucket.read(key, Manifest.MOST_BYTES).map(TokenHash::ofBytes);
      if (digest.isPresent()
          && verifier.look(job, key, digest.get()) instanceof Look.Whole(var manifest, var bytes)
          && manifest.epoch() == closed
          && manifest.step() != null
          && manifest.step() == step
          && Shared.problem(bucket, lease, manifest).isEmpty()) {
        return Optional.of(
            new Pointer(
                step,
                closed,
                key,
                digest.get(),
                bytes,
                manifest.files().size(),
                platform.clock().instant()));
      }
    }
    return Optional.empty();
  }

  /** Steps above the pointer's that have a manifest, oldest first. */
  private static List<Long> steps(Bucket bucket, Lease lease, int closed) {
    var job = lease.job().value();
    var after = lease.pointer().map(p -> BucketLayout.checkpoint(job, closed, p.step() + 1));
    var steps = new ArrayList<Long>();
    for (int page = 0; page < MOST_PAGES; page++) {
      var listing = bucket.list(BucketLayout.checkpoints(job, closed), after, Bucket.MOST_KEYS);
      for (var object : listing.objects()) {
        var step = STEP.matcher(object.key());
        if (step.matches()) {
          steps.add(Long.parseLong(step.group(1)));
        }
      }
      if (listing.next().isEmpty()) {
        break;
      }
      after = listing.next();
    }
    return steps;
  }
}
