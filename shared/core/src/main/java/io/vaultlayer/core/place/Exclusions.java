package io.vaultlayer.core.place;

import io.vaultlayer.core.lease.ClosedAttempt;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Where a job does not go for a while; pure. Reclaims, lost bids, injected faults and our own
 * faults exclude nothing. Where the allowed pool has no other machine, its exclusion is lifted and
 * that is told. A provider that refused is no machine: it is left out until its time is over.
 */
public final class Exclusions {
  /** A GPU or host that was seen to be broken rarely mends itself within a day. */
  static final Duration UNHEALTHY = Duration.ofHours(24);

  static final Duration STALLED = Duration.ofHours(6);
  static final Duration NEVER_STARTED = Duration.ofHours(1);
  static final Duration SILENT = Duration.ofHours(1);

  /** A machine is excluded for everyone while so many jobs found it unhealthy in that time. */
  static final int JOBS_THAT_FOUND_IT_UNHEALTHY = 2;

  /** So many reclaims of a place in so short a time mean that it is being emptied. */
  static final int HARD_RECLAIMS = 3;

  static final Duration HARD_WINDOW = Duration.ofHours(2);

  /** Such a place ranks last for so long after its latest reclaim. */
  static final Duration HARD_MEMORY = Duration.ofHours(4);

  /** What a provider calls a machine that it does not name. */
  private static final Set<String> NAMELESS = Set.of("", "unknown");

  /** Begins the note of a choice that could not keep an exclusion. */
  public static final String LIFTED = "exclusion lifted";

  private static final int MOST_TOLD = 3;

  private Exclusions() {}

  /**
   * @param machineId empty for the whole provider, which is never lifted
   */
  public record Exclusion(
      String provider, Optional<String> machineId, Instant until, String reason) {
    boolean covers(Offer offer) {
      return provider.equals(offer.provider())
          && machineId.map(offer.machineId()::equals).orElse(true);
    }

    @Override
    public String toString() {
      return machineId.map(m -> m + " at " + provider).orElse(provider)
          + " ("
          + reason
          + ", until "
          + until
          + ")";
    }
  }

  /** What some job met with on a machine. */
  public record Unhealthy(String provider, String machineId, String job, Instant at) {}

  /** A notice that took an instance from some job. */
  public record Reclaimed(String provider, String region, String gpu, Instant at) {}

  /**
   * What may be taken, the one to take first.
   *
   * @param note what was left out, or taken although it was excluded; may be empty
   */
  public record Choice(List<Offer> offers, String note) {}

  /** Machines that a job's own attempts were lost on, as far as the machine may be at fault. */
  public static List<Exclusion> ofAttempts(List<ClosedAttempt> attempts, Instant now) {
    var all = new ArrayList<Exclusion>();
    for (var attempt : attempts) {
      var launch = attempt.launch();
      var machine = launch.flatMap(l -> l.machineId()).filter(m -> !NAMELESS.contains(m));
      var until = attempt.endedAt().plus(memory(attempt));
      if (machine.isPresent() && until.isAfter(now)) {
        all.add(
            new Exclusion(
                launch.get().provider(),
                machine,
                until,
                attempt.outcome().wireName() + " in epoch " + attempt.epoch()));
      }
    }
    return all;
  }

  private static Duration memory(ClosedAttempt attempt) {
    if (!attempt.machineSuspect()) {
      return Duration.ZERO;
    }
    return switch (attempt.outcome()) {
      case UNHEALTHY -> UNHEALTHY;
      case STALLED -> STALLED;
      case NEVER_STARTED -> NEVER_STARTED;
      case LOST -> SILENT;
      case SUCCEEDED, FAILED, RECLAIMED, CANCELLED -> Duration.ZERO;
    };
  }

  /** Machines that several jobs found unhealthy, until all but one of these marks are old. */
  public static List<Exclusion> ofFleet(List<Unhealthy> marks, Instant now) {
    var newest = new TreeMap<String, Map<String, Instant>>();
    var machines = new HashMap<String, Unhealthy>();
    for (var mark : marks) {
      if (mark.at().plus(UNHEALTHY).isAfter(now) && !NAMELESS.contains(mark.machineId())) {
        var machine = mark.provider() + "\n" + mark.machineId();
        machines.put(machine, mark);
        newest
            .computeIfAbsent(machine, _ -> new HashMap<>())
            .merge(mark.job(), mark.at(), (a, b) -> a.isAfter(b) ? a : b);
      }
    }
    var all = new ArrayList<Exclusion>();
    newest.forEach((machine, byJob) -> {
      var latest = byJob.values().stream().sorted(Comparator.reverseOrder()).toList();
      if (latest.size() >= JOBS_THAT_FOUND_IT_UNHEALTHY) {
        var mark = machines.get(machine);
        all.add(
            new Exclusion(
                mark.provider(),
                Optional.of(mark.machineId()),
                latest.get(JOBS_THAT_FOUND_IT_UNHEALTHY - 1).plus(UNHEALTHY),
                "unhealthy for " + latest.size() + " jobs"));
      }
    });
    return all;
  }

  /**
   * Leaves out what is excluded, puts places that are being emptied last, and lifts the exclusion
   * of machines where nothing else is left.
   */
  public static Choice choose(
      List<Offer> ranked, List<Exclusion> exclusions, List<Reclaimed> reclaims, Instant now) {
    var standing = exclusions.stream().filter(e -> e.until().isAfter(now)).toList();
    var told = new LinkedHashSet<String>();
    var allowed = without(ranked, standing, e -> e.machineId().isEmpty(), told);
    var free = without(allowed, standing, e -> e.machineId().isPresent(), told);
    if (free.isEmpty() && !allowed.isEmpty()) {
      return new Choice(
          emptiedLast(allowed, reclaims, now),
          LIFTED + ", no other machine is allowed: " + list(told));
    }
    return new Choice(
        emptiedLast(free, reclaims, now), told.isEmpty() ? "" : "left out: " + list(told));
  }

  private static List<Offer> without(
      List<Offer> offers, List<Exclusion> all, Predicate<Exclusion> kind, Set<String> told) {
    var kept = new ArrayList<Offer>();
    for (var offer : offers) {
      var by = all.stream().filter(kind).filter(e -> e.covers(offer)).findFirst();
      by.ifPresentOrElse(e -> told.add(e.toString()), () -> kept.add(offer));
    }
    return kept;
  }

  private static String list(Set<String> told) {
    var text = told.stream().limit(MOST_TOLD).collect(Collectors.joining(", "));
    return told.size() > MOST_TOLD ? text + " and " + (told.size() - MOST_TOLD) + " more" : text;
  }

  private static List<Offer> emptiedLast(
      List<Offer> offers, List<Reclaimed> reclaims, Instant now) {
    return offers.stream()
        .sorted(Comparator.comparing((Offer o) -> isBeingEmptied(o, reclaims, now)))
        .toList();
  }

  /** True from the third reclaim within two hours on, for four hours after the latest. */
  private static boolean isBeingEmptied(Offer offer, List<Reclaimed> reclaims, Instant now) {
    var here =
        reclaims.stream()
            .filter(r ->
                r.provider().equals(offer.provider())
                    && r.region().equals(offer.region())
                    && r.gpu().equals(offer.gpu().name()))
            .map(Reclaimed::at)
            .filter(at -> !at.isAfter(now) && at.plus(HARD_MEMORY).isAfter(now))
            .sorted()
            .toList();
    for (int i = HARD_RECLAIMS - 1; i < here.size(); i++) {
      if (!here.get(i - HARD_RECLAIMS + 1).plus(HARD_WINDOW).isBefore(here.get(i))) {
        return true;
      }
    }
    return false;
  }
}
