package io.vaultlayer.functions.agentapi;

import io.vaultlayer.core.lease.LaunchRecord;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** Makes what an agent needs for one start of the user's process. */
final class Assignments {
  /**
   * Longer than the breaker's longest hold and any restart of the plane; shorter burns sound
   * instances.
   */
  static final int DEAD_MAN_SECONDS = 1800;

  private static final Duration CREDENTIAL_LIFE = Duration.ofMinutes(60);
  private final Platform platform;
  private final Control control;
  private final Places places;

  Assignments(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.places = new Places(control.records());
  }

  AttemptApi.Assignment make(Lease lease) {
    var job = lease.job();
    var spec = control.records().spec(job).orElseThrow();
    var environment = control.records().environment(job);
    var launch = lease.boundLaunch().orElseThrow();
    return new AttemptApi.Assignment(
        job.value(),
        lease.epoch(),
        spec.name(),
        spec.command(),
        strings(environment.get("user")),
        launch.provider().equals("local") ? strings(environment.get("host")) : Map.of(),
        spec.setup().orElse(null),
        spec.checkpointDir().orElse(null),
        spec.checkpointEvery().orElse(null),
        BucketLayout.workdir(job.value(), spec.workdirSha256()),
        spec.workdirSha256(),
        spec.workdirBytes(),
        lease.pointer().map(Assignments::pointer).orElse(null),
        credentials(lease),
        launch.beatSeconds(),
        launch.leaseSeconds(),
        parkSeconds(launch),
        DEAD_MAN_SECONDS,
        spec.retryExitCodes(),
        places.meanSeconds(job, launch));
  }

  AttemptApi.S3Credentials credentials(Lease lease) {
    JobCredentials.Issued c =
        platform
            .credentials("BUCKET", "AGENT_ROLE")
            .issue(lease.job(), lease.epoch(), CREDENTIAL_LIFE);
    return new AttemptApi.S3Credentials(
        c.endpoint(),
        c.region(),
        c.bucket(),
        c.accessKeyId(),
        c.secretAccessKey(),
        c.sessionToken(),
        c.prefix(),
        c.expiresAt().toString(),
        c.read()
            .map(r -> new AttemptApi.S3Key(r.accessKeyId(), r.secretAccessKey(), r.sessionToken()))
            .orElse(null));
  }

  static AttemptApi.Pointer pointer(Pointer p) {
    return new AttemptApi.Pointer(
        p.step(), p.epoch(), p.manifestKey(), p.manifestSha256(), p.bytes(), p.files());
  }

  /**
   * The lease less a margin, unless the deployment says that no second owner can arise while it is
   * down.
   */
  private int parkSeconds(LaunchRecord launch) {
    int fixed = Integer.parseInt(platform.variable("PARK_SECONDS"));
    return fixed > 0 ? fixed : launch.leaseSeconds() - Math.max(1, launch.leaseSeconds() / 8);
  }

  private static Map<String, String> strings(Object map) {
    var out = new TreeMap<String, String>();
    if (map instanceof Map<?, ?> values) {
      values.forEach((k, v) -> out.put(String.valueOf(k), String.valueOf(v)));
    }
    return out;
  }
}
