package io.vaultlayer.cli.submit;

import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.cli.plane.Refusal;
import io.vaultlayer.cli.plane.Transfer;
import io.vaultlayer.cli.workdir.PackedWorkdir;
import io.vaultlayer.wire.StatusDocument;
import io.vaultlayer.wire.SubmitRequest.Workdir;
import io.vaultlayer.wire.SubmitResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Submits a run: pack, announce, upload, start. */
public final class Submitter {
  private final Shell shell;
  private final Plane plane;
  private Runnable accepted = () -> {};
  private Map<String, byte[]> replaced = Map.of();
  private Set<Path> leftOut;

  public Submitter(Shell shell, Plane plane) {
    this.shell = shell;
    this.plane = plane;
    this.leftOut = Set.of(shell.home());
  }

  /** Besides this home, another directory that is never packed. */
  public Submitter leavingOut(Path other) {
    leftOut = Set.of(shell.home(), other);
    return this;
  }

  /** Called when the plane has taken the job in, before it is launched. */
  public Submitter accepted(Runnable told) {
    accepted = told;
    return this;
  }

  /** What is sent instead of files of the work directory, by their names in it. */
  public Submitter replacing(Map<String, byte[]> contents) {
    replaced = contents;
    return this;
  }

  /**
   * @param key of idempotency; empty: one of its own
   * @return the job's status once it is due
   */
  public StatusDocument submit(Submission submission, Optional<String> key)
      throws IOException, InterruptedException {
    try (var packed = PackedWorkdir.pack(submission.workdir(), leftOut, replaced)) {
      packed.warnings().forEach(warning -> shell.say("warning: " + warning));
      var request = submission.request(shell, new Workdir(packed.sha256(), packed.bytes()));
      var headers = Map.of("Idempotency-Key", key.orElseGet(this::randomKey));
      var answer = plane.post("/v1/jobs", request, headers, SubmitResponse.class);
      accepted.run();
      if (answer.upload() != null) {
        new Transfer("uploading the work directory of " + answer.job().id())
            .upload(answer.upload(), packed.file(), packed.bytes());
      }
      return started(answer.job());
    } catch (Refusal e) {
      throw e.failure().because(e);
    }
  }

  /** Starting twice is starting once; a repeated submission may find its job started long ago. */
  private StatusDocument started(StatusDocument job) throws InterruptedException {
    return plane.post(
        Jobs.path(job.id()) + "/start",
        Map.of(),
        Map.of("Idempotency-Key", job.id()),
        StatusDocument.class);
  }

  private String randomKey() {
    var bytes = new byte[16];
    shell.random().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
