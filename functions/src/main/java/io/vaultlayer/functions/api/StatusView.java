package io.vaultlayer.functions.api;

import io.vaultlayer.core.lease.ClosedAttempt;
import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.functions.state.JobRecords;
import io.vaultlayer.functions.state.JobSpec;
import io.vaultlayer.wire.GpuFigures;
import io.vaultlayer.wire.StatusDocument;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Renders a job as the contract's status document, from the lease and its projections. */
public final class StatusView {
  private static final double SECONDS_PER_HOUR = 3600;
  private final JobRecords records;

  public StatusView(JobRecords records) {
    this.records = records;
  }

  public StatusDocument render(Lease lease, JobSpec spec) {
    var attempts = attempts(lease);
    var current =
        lease
            .currentLaunch()
            .or(() -> attempts.isEmpty() ? Optional.empty() : attempts.getLast().launch());
    var live = !lease.state().isFinal() && lease.currentLaunch().isPresent();
    var step = live ? lease.run().step() : lastStep(lease, attempts);
    return new StatusDocument(
        lease.job().value(),
        spec.name(),
        lease.state().wireName(),
        lease.reason().orElse(null),
        lease.detail().orElse(null),
        spec.command(),
        gpu(current, spec),
        current.map(LaunchRecord::gpuPresent).orElse(null),
        lease.policy().failover(),
        lease.epoch(),
        live ? lease.run().phase() : null,
        step.orElse(null),
        lease.run().loss().orElse(null),
        live ? lease.run().stepsPerSecond().orElse(null) : null,
        lease.exitCode().orElse(null),
        current.map(LaunchRecord::provider).orElse(null),
        current.flatMap(LaunchRecord::instanceId).orElse(null),
        current.flatMap(LaunchRecord::machineId).orElse(null),
        lease.pointer().map(StatusView::checkpoint).orElse(null),
        attempts.stream().map(Attempt::render).toList(),
        warnings(lease),
        cost(attempts),
        spec.submittedAt().toString(),
        lease.endedAt().map(Instant::toString).orElse(null),
        live ? lease.run().lastBeatAt().map(Instant::toString).orElse(null) : null,
        live ? gpus(lease) : List.of());
  }

  private static List<StatusDocument.Gpu> gpus(Lease lease) {
    var figures = lease.run().gpus().flatMap(GpuFigures::parse).orElse(List.of());
    var gpus = new ArrayList<StatusDocument.Gpu>();
    for (var figure : figures) {
      gpus.add(
          new StatusDocument.Gpu(
              gpus.size(),
              boxed(figure.utilisationPercent()),
              boxed(figure.memoryUsedMiB()),
              boxed(figure.memoryTotalMiB()),
              boxed(figure.temperatureC()),
              boxed(figure.powerW())));
    }
    return gpus;
  }

  private static Integer boxed(OptionalInt value) {
    return value.isPresent() ? value.getAsInt() : null;
  }

  private static Long boxed(OptionalLong value) {
    return value.isPresent() ? value.getAsLong() : null;
  }

  /** One attempt, ended or living. */
  private record Attempt(
      int epoch,
      Optional<LaunchRecord> launch,
      Instant start,
      Optional<ClosedAttempt> closed,
      Optional<Long> first,
      Optional<Long> last,
      Optional<Long> from) {
    StatusDocument.Attempt render() {
      return new StatusDocument.Attempt(
          epoch,
          launch.map(LaunchRecord::provider).orElse(null),
          launch.flatMap(LaunchRecord::instanceId).orElse(null),
          launch.flatMap(LaunchRecord::machineId).orElse(null),
          launch.map(LaunchRecord::pricing).orElse(null),
          launch.map(LaunchRecord::usdPerHour).orElse(null),
          start.toString(),
          closed.map(c -> c.endedAt().toString()).orElse(null),
          closed.map(c -> c.outcome().wireName()).orElse(null),
          closed.map(ClosedAttempt::detail).orElse(null),
          firstStep().orElse(null),
          last.orElse(null),
          from.orElse(null));
    }

    /**
     * The step after the checkpoint, once the attempt has shown any step. A script that names the
     * step it resumed from has not trained it; one that shows an earlier step has started over, and
     * then that step is told.
     */
    private Optional<Long> firstStep() {
      if (last.isEmpty()) {
        return Optional.empty();
      }
      long base = from.orElse(0L);
      return Optional.of(first.filter(f -> f > 0 && f < base).orElse(base + 1));
    }
  }

  private List<Attempt> attempts(Lease lease) {
    var all = new TreeMap<Integer, Attempt>();
    records.attempts(lease.job()).forEach(c -> all.put(c.epoch(), closed(c)));
    lease.journal().forEach(e -> e.closed().ifPresent(c -> all.put(c.epoch(), closed(c))));
    lease
        .currentLaunch()
        .ifPresent(launch -> {
          var run = lease.run();
          all.put(
              lease.epoch(),
              new Attempt(
                  lease.epoch(),
                  Optional.of(launch),
                  run.startedAt(),
                  Optional.empty(),
                  run.firstStep(),
                  run.step(),
                  run.resumedFrom()));
        });
    return new ArrayList<>(all.values());
  }

  private static Attempt closed(ClosedAttempt c) {
    return new Attempt(
        c.epoch(),
        c.launch(),
        c.startedAt(),
        Optional.of(c),
        c.firstStep(),
        c.lastStep(),
        c.resumedFrom());
  }

  private static Optional<Long> lastStep(Lease lease, List<Attempt> attempts) {
    var latest =
        attempts.stream().max(Comparator.comparingInt(Attempt::epoch)).flatMap(Attempt::last);
    return latest.isPresent() ? latest : lease.pointer().map(Pointer::step);
  }

  private List<String> warnings(Lease lease) {
    var out = new ArrayList<String>();
    if (lease.run().didNotResume()) {
      out.add(
          "the script did not resume: attempt "
              + lease.epoch()
              + " saved a step behind the checkpoint that it was given");
    }
    for (var row : records.rows(lease.job(), "x#")) {
      out.add("checkpoint condemned: " + row.attributes().get("reason"));
    }
    for (var row : records.rows(lease.job(), "w#")) {
      if (row.attributes().get("warnings") instanceof List<?> list) {
        list.forEach(w -> out.add(String.valueOf(w)));
      }
    }
    return out.stream().distinct().limit(50).toList();
  }

  private static StatusDocument.Checkpoint checkpoint(Pointer p) {
    return new StatusDocument.Checkpoint(
        p.step(), p.epoch(), p.committedAt().toString(), p.bytes(), p.files());
  }

  private static String gpu(Optional<LaunchRecord> launch, JobSpec spec) {
    return launch
        .map(LaunchRecord::gpu)
        .orElseGet(() ->
            spec.gpu().isEmpty()
                ? null
                : spec.gpu().stream().map(g -> g.gpu()).collect(Collectors.joining(",")));
  }

  /**
   * Price times time of every attempt; the receipt of what was really billed comes from the money
   * row.
   */
  private double cost(List<Attempt> attempts) {
    return attempts.stream()
        .filter(a -> a.launch().isPresent() && a.closed().isPresent())
        .mapToDouble(a ->
            a.launch().get().usdPerHour()
                * Duration.between(a.start(), a.closed().get().endedAt()).toSeconds()
                / SECONDS_PER_HOUR)
        .sum();
  }
}
