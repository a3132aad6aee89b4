package io.vaultlayer.local.plane;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.local.http.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.function.Supplier;

/**
 * {@code GET /local/credentials/<job>}, for tests on this machine: the token and bucket credentials
 * of the attempt that runs now. Only the plane's own user can ask, who could read the agent's files
 * as well.
 */
final class AttemptCredentials {
  private final StoredLeases leases;
  private final Path instances;
  private final Supplier<JobCredentials> credentials;

  AttemptCredentials(StoredLeases leases, Path instances, Supplier<JobCredentials> credentials) {
    this.leases = leases;
    this.instances = instances;
    this.credentials = credentials;
  }

  Answer answer(String id) {
    if (!JobId.looksLike(id)) {
      return Answer.error(404, "no_such_job", "showing credentials of " + id + ": no such job");
    }
    var lease = leases.find(new JobId(id));
    if (lease.isEmpty()) {
      return Answer.error(404, "no_such_job", "showing credentials of " + id + ": no such job");
    }
    var bound = lease.get().boundLaunch();
    if (bound.isEmpty() || lease.get().token().isEmpty()) {
      return none(id);
    }
    String token;
    try {
      token = Files.readString(instances.resolve(bound.get().label()).resolve("token")).strip();
    } catch (IOException e) {
      return none(id);
    }
    var issued =
        credentials.get().issue(new JobId(id), lease.get().epoch(), JobCredentials.LEAST_LIFE);
    var s3 = new LinkedHashMap<String, Object>();
    s3.put("endpoint", issued.endpoint());
    s3.put("region", issued.region());
    s3.put("bucket", issued.bucket());
    s3.put("accessKeyId", issued.accessKeyId());
    s3.put("secretAccessKey", issued.secretAccessKey());
    s3.put("sessionToken", issued.sessionToken());
    s3.put("prefix", issued.prefix());
    s3.put("expiresAt", issued.expiresAt().toString());
    var document = new LinkedHashMap<String, Object>();
    document.put("epoch", lease.get().epoch());
    document.put("token", token);
    document.put("s3", s3);
    return Answer.json(200, document);
  }

  private static Answer none(String id) {
    return Answer.error(
        409,
        "no_live_attempt",
        "showing credentials of " + id + ": no attempt of it runs now; wait until it does");
  }
}
