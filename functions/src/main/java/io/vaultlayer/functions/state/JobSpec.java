package io.vaultlayer.functions.state;

import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.retain.Keep;
import io.vaultlayer.wire.SubmitRequest.GpuWish;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the user asked for; never changes after submission. The environment's values are stored in a
 * row of their own.
 */
public record JobSpec(
    String name,
    List<String> command,
    List<GpuWish> gpu,
    boolean failover,
    Optional<String> pricing,
    List<String> providers,
    Optional<String> setup,
    Optional<String> checkpointDir,
    Optional<String> checkpointEvery,
    Optional<Double> budgetUsd,
    Optional<Double> maxPriceUsdPerHour,
    Optional<Duration> maxWait,
    List<Integer> retryExitCodes,
    Keep keep,
    String workdirSha256,
    long workdirBytes,
    String requestSha256,
    Instant submittedAt) {

  Map<String, Object> attributes() {
    return Fields.fresh()
        .put("name", name)
        .put("command", command)
        .put(
            "gpu",
            gpu.stream()
                .map(g -> Fields.fresh().put("gpu", g.gpu()).put("count", (long) g.count()).map())
                .toList())
        .put("failover", failover)
        .put("pricing", pricing, s -> s)
        .put("providers", providers)
        .put("setup", setup, s -> s)
        .put("checkpointDir", checkpointDir, s -> s)
        .put("checkpointEvery", checkpointEvery, s -> s)
        .put("budget", budgetUsd, n -> n)
        .put("maxPrice", maxPriceUsdPerHour, n -> n)
        .put("maxWait", maxWait, Duration::toSeconds)
        .put("retryExitCodes", retryExitCodes.stream().map(String::valueOf).toList())
        .put("keepLast", (long) keep.last())
        .put("keepEvery", (long) keep.every())
        .put("workdir", workdirSha256)
        .put("workdirBytes", workdirBytes)
        .put("request", requestSha256)
        .put("submitted", submittedAt.toString())
        .map();
  }

  static JobSpec parse(Map<String, Object> attributes) {
    var f = Fields.of(attributes);
    return new JobSpec(
        f.text("name"),
        f.texts("command"),
        f.list("gpu").stream().map(g -> new GpuWish(g.text("gpu"), g.integer("count"))).toList(),
        f.flag("failover"),
        f.maybeText("pricing"),
        f.texts("providers"),
        f.maybeText("setup"),
        f.maybeText("checkpointDir"),
        f.maybeText("checkpointEvery"),
        f.maybeDecimal("budget"),
        f.maybeDecimal("maxPrice"),
        f.maybeNumber("maxWait").map(Duration::ofSeconds),
        f.texts("retryExitCodes").stream().map(Integer::valueOf).toList(),
        new Keep(
            f.maybeInteger("keepLast").orElse(Keep.USUAL.last()),
            f.maybeInteger("keepEvery").orElse(Keep.USUAL.every())),
        f.text("workdir"),
        f.number("workdirBytes"),
        f.text("request"),
        f.time("submitted"));
  }

  /** The classes wished for, best first; empty: any. */
  public List<GpuClass> classes() {
    return gpu.stream().flatMap(g -> GpuClass.find(g.gpu()).stream()).toList();
  }
}
