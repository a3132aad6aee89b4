package io.vaultlayer.bench.plane;

import io.vaultlayer.functions.Platform.MissingVariable;
import java.util.Map;
import java.util.Optional;

/** What {@code template.yaml} puts into its functions' environment, on a plane of a bench. */
public record Variables(Map<String, String> byName) {
  public Variables {
    byName = Map.copyOf(byName);
  }

  public static Variables of(String owner, String endpoint, int tickSeconds) {
    return new Variables(
        Map.of(
            "LEASES_TABLE", "leases",
            "ENDED_TABLE", "ended",
            "JOBS_TABLE", "jobs",
            "INSTANCES_TABLE", "instances",
            "OWNER", owner,
            "ENDPOINT", endpoint,
            "BUCKET", "bucket",
            "TICK_SECONDS", Integer.toString(tickSeconds),
            "BEAT_SECONDS", "0",
            "PARK_SECONDS", "0"));
  }

  /**
   * @throws MissingVariable when the template gives none of that name
   */
  public String get(String name) {
    return Optional.ofNullable(byName.get(name)).orElseThrow(() -> new MissingVariable(name));
  }
}
