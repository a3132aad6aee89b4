package io.vaultlayer.functions.state;

import io.vaultlayer.core.cadence.Lifetimes.Life;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.lease.ClosedAttempt;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.place.Exclusions.Reclaimed;
import io.vaultlayer.core.place.Exclusions.Unhealthy;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What jobs met with at a provider, for everybody's placement: in the Jobs table, one partition for
 * each provider, rows that expire.
 *
 * <pre>
 * m#&lt;digest of the machine&gt;#&lt;job&gt;    a job found the machine unhealthy; its latest mark
 * r#&lt;time&gt;#&lt;job&gt;                    a notice took a job's instance, and after how long
 * </pre>
 *
 * They are projections of ended attempts, written again without harm.
 */
public final class FleetRecords {
  private static final Duration MARKS_KEPT = Duration.ofHours(48);
  private static final Duration RECLAIMS_KEPT = Duration.ofHours(12);

  /** Rows read for one placement: the newest reclaims, and marks as far as they go. */
  private static final int MOST_RECLAIMS = 200;

  private static final int MOST_MARKS = 1000;

  private final Store store;
  private final String table;

  FleetRecords(Store store, String table) {
    this.store = store;
    this.table = table;
  }

  private static String partition(String provider) {
    return "health#" + provider;
  }

  /** The row that an ended attempt leaves behind, if any. */
  Optional<Write> row(JobId job, ClosedAttempt attempt) {
    var launch = attempt.launch();
    if (launch.isEmpty()) {
      return Optional.empty();
    }
    var provider = launch.get().provider();
    if (attempt.outcome() == Outcome.UNHEALTHY && launch.get().machineId().isPresent()) {
      var machine = launch.get().machineId().get();
      var digest = TokenHash.ofBytes(machine.getBytes(StandardCharsets.UTF_8)).substring(0, 32);
      return Optional.of(
          put(
              provider,
              "m#" + digest + "#" + job,
              attempt.endedAt(),
              MARKS_KEPT,
              Map.of("machine", machine, "job", job.value())));
    }
    return attempt.outcome() == Outcome.RECLAIMED
        ? Optional.of(
            put(
                provider,
                "r#" + attempt.endedAt() + "#" + job,
                attempt.endedAt(),
                RECLAIMS_KEPT,
                Fields.fresh()
                    .put("region", launch.get().region())
                    .put("gpu", launch.get().gpu())
                    .put("job", job.value())
                    .put("pricing", launch.get().pricing())
                    .put("ran", seconds(attempt))
                    .map()))
        : Optional.empty();
  }

  private Write put(
      String provider, String sort, Instant at, Duration kept, Map<String, Object> what) {
    var attributes =
        Fields.fresh()
            .put("at", at.toString())
            .put("expiresAt", at.plus(kept).getEpochSecond())
            .map();
    attributes.putAll(what);
    return new Write.Put(
        table, new Key(partition(provider), sort), Expect.anything(), attributes, Optional.empty());
  }

  public List<Unhealthy> unhealthy(String provider) {
    return rows(provider, "m#", false, MOST_MARKS).stream()
        .map(i -> Fields.of(i.attributes()))
        .map(f -> new Unhealthy(provider, f.text("machine"), f.text("job"), f.time("at")))
        .toList();
  }

  public List<Reclaimed> reclaims(String provider) {
    return rows(provider, "r#", true, MOST_RECLAIMS).stream()
        .map(i -> Fields.of(i.attributes()))
        .map(f -> new Reclaimed(provider, f.text("region"), f.text("gpu"), f.time("at")))
        .toList();
  }

  /** How long an attempt's instance had been asked for when the attempt ended. */
  private static double seconds(ClosedAttempt attempt) {
    return Duration.between(attempt.startedAt(), attempt.endedAt()).toMillis() / 1000.0;
  }

  /** What other jobs' instances of the same place lived until a notice took them. */
  public List<Life> livesOfOthers(JobId job, LaunchRecord place) {
    return rows(place.provider(), "r#", true, MOST_RECLAIMS).stream()
        .map(i -> Fields.of(i.attributes()))
        .filter(f ->
            f.text("region").equals(place.region())
                && f.text("gpu").equals(place.gpu())
                && f.maybeText("pricing").equals(Optional.of(place.pricing()))
                && !f.maybeText("job").equals(Optional.of(job.value())))
        .flatMap(f -> f.maybeDecimal("ran").stream())
        .map(ran -> new Life(ran, true))
        .toList();
  }

  private List<Item> rows(String provider, String kind, boolean newestFirst, int limit) {
    return store
        .query(table, partition(provider), kind, newestFirst, limit, Optional.empty())
        .items();
  }
}
