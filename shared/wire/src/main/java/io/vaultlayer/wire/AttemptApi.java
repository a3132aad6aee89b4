package io.vaultlayer.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;

/**
 * The agent's side of the API: {@code POST /v1/attempts/{job}/{epoch}/...}. The bearer token in the
 * Authorization header is the attempt's token, made by the agent itself; the control plane keeps
 * only its SHA-256.
 */
public final class AttemptApi {
  private AttemptApi() {}

  /**
   * What a launch hands to the agent, and nothing else (it is public on a host that is not ours).
   *
   * @param bootstrapToken works once
   * @param launch number of the create call within the epoch
   * @param label of the instance, {@code vl-<owner>-<job>-e<epoch>-<n>}
   */
  public record Bootstrap(
      String endpoint, String job, int epoch, int launch, String label, String bootstrapToken) {
    @Override
    public String toString() {
      return "Bootstrap[" + label + " at " + endpoint + "]";
    }
  }

  /**
   * {@code .../register}: binds this launch. A retry with the same attempt token gets the same
   * answer.
   */
  public record Register(
      int launch, String bootstrapToken, String instanceId, String machineId, String agentVersion) {
    @Override
    public String toString() {
      return "Register[" + launch + ", " + instanceId + "]";
    }
  }

  /**
   * A committed checkpoint as the pointer names it; {@code manifestSha256} is the digest of the
   * manifest's bytes.
   */
  public record Pointer(
      long step, int epoch, String manifestKey, String manifestSha256, long bytes, int files) {}

  /** What signs a request to the bucket. */
  public record S3Key(String accessKeyId, String secretAccessKey, String sessionToken) {
    @Override
    public String toString() {
      return "S3Key[" + accessKeyId + "]";
    }
  }

  /**
   * Bucket credentials of one attempt. Write under the epoch's prefixes, read under {@code prefix}.
   *
   * @param read signs GET and HEAD where no single key may read under {@code prefix} and write
   *     under the epoch's alone (R2); left out: the other key reads too
   */
  public record S3Credentials(
      String endpoint,
      String region,
      String bucket,
      String accessKeyId,
      String secretAccessKey,
      String sessionToken,
      String prefix,
      String expiresAt,
      @JsonInclude(JsonInclude.Include.NON_NULL) S3Key read) {
    /** One key for everything. */
    public S3Credentials(
        String endpoint,
        String region,
        String bucket,
        String accessKeyId,
        String secretAccessKey,
        String sessionToken,
        String prefix,
        String expiresAt) {
      this(
          endpoint,
          region,
          bucket,
          accessKeyId,
          secretAccessKey,
          sessionToken,
          prefix,
          expiresAt,
          null);
    }

    @Override
    public String toString() {
      return "S3Credentials[" + bucket + "/" + prefix + " until " + expiresAt + "]";
    }
  }

  /**
   * Everything that one start of the user's process needs. Answer to register and to next.
   *
   * @param checkpoint null on a fresh start
   * @param environment the user's variables; {@code hostEnvironment} the submitting shell's, used
   *     on the local provider
   * @param workdirKey object of the packed work directory with its {@code workdirSha256}
   * @param beatSeconds heartbeat interval; {@code leaseSeconds} the lease
   * @param parkSeconds no accepted beat for so long, measured from send: freeze the training and
   *     keep asking
   * @param deadManSeconds no accepted beat for so long: end everything
   * @param retryExitCodes with which the script asks to be started again
   * @param placeMtbfSeconds how long an instance of this place lives on average, by what the
   *     control plane has seen; null: nobody said
   */
  public record Assignment(
      String job,
      int epoch,
      String name,
      List<String> command,
      Map<String, String> environment,
      Map<String, String> hostEnvironment,
      String setup,
      String checkpointDir,
      String checkpointEvery,
      String workdirKey,
      String workdirSha256,
      long workdirBytes,
      Pointer checkpoint,
      S3Credentials credentials,
      int beatSeconds,
      int leaseSeconds,
      int parkSeconds,
      int deadManSeconds,
      List<Integer> retryExitCodes,
      Double placeMtbfSeconds) {
    public Assignment {
      retryExitCodes = retryExitCodes == null ? List.of() : List.copyOf(retryExitCodes);
    }

    @Override
    public String toString() {
      return "Assignment[" + job + " e" + epoch + "]";
    }
  }

  /**
   * {@code .../heartbeat}.
   *
   * @param beat grows by at least 1 with every beat of the attempt, from 1
   * @param phase before the user's program runs: {@code fetching}, {@code restoring}, {@code
   *     setup}; then {@code running}, {@code saving}, {@code finishing}
   * @param step completed optimiser steps, null when unknown; {@code firstStep} the first one seen
   *     in this attempt
   * @param secondsSinceStep time since the step last changed, null when unknown
   * @param warnings short texts for the user, such as a checkpoint held back; at most 8 of 300
   *     characters
   * @param gpus figures of the host's GPUs as {@link GpuFigures} writes them; null without any
   */
  public record Heartbeat(
      long beat,
      String phase,
      Long step,
      Long firstStep,
      Double loss,
      Double stepsPerSecond,
      Double secondsSinceStep,
      List<String> warnings,
      String gpus) {
    /** Of a host without GPUs. */
    public Heartbeat(
        long beat,
        String phase,
        Long step,
        Long firstStep,
        Double loss,
        Double stepsPerSecond,
        Double secondsSinceStep,
        List<String> warnings) {
      this(beat, phase, step, firstStep, loss, stepsPerSecond, secondsSinceStep, warnings, null);
    }
  }

  /** {@link HeartbeatAck#command}: end the training and ask for the next epoch: it stalled. */
  public static final String RESTART = "restart";

  /**
   * The ack: when to beat next, and renewed credentials when the old ones end soon (else null).
   *
   * @param command {@value #RESTART}, or null: nothing is asked for; others are ignored
   */
  public record HeartbeatAck(
      int intervalSeconds, int leaseSeconds, S3Credentials credentials, String command) {}

  /**
   * {@code .../commit}: the manifest is in the bucket; {@code manifestSha256} is the digest of its
   * bytes.
   */
  public record Commit(
      long step, String manifestKey, String manifestSha256, long bytes, int files) {}

  public record Committed(long step, int epoch) {}

  /**
   * {@code .../condemn}: the pointer that was found damaged, and where. Answered with what takes
   * its place.
   */
  public record Condemn(long step, String manifestKey, String problem) {}

  /** {@code checkpoint} null: nothing earlier verifies, start fresh. */
  public record Condemned(Pointer checkpoint) {}

  /**
   * {@code .../exit}.
   *
   * @param outcome {@code succeeded}, {@code failed}, {@code lost}, {@code reclaimed}, {@code
   *     unhealthy}
   * @param reason stable code for failed: {@code user_program_failed}, {@code out_of_memory},
   *     {@code setup_failed}, ...
   * @param outputsManifestKey and its digest: present when succeeded
   */
  public record Exit(
      String outcome,
      Integer exitCode,
      Integer signal,
      String reason,
      String detail,
      Long firstStep,
      Long lastStep,
      String outputsManifestKey,
      String outputsManifestSha256) {}

  /** {@code .../next}: the user's process was lost, the host is sound: open the next epoch here. */
  public record Next(
      String nextTokenSha256, String outcome, String detail, Long firstStep, Long lastStep) {}

  /**
   * Answer to next: {@code assignment} null when no further attempt is allowed or it goes
   * elsewhere; the agent then ends.
   */
  public record NextAnswer(Assignment assignment, String state, String reason) {}

  /** {@code .../reclaim}: the host will be taken away in {@code noticeSeconds}. */
  public record Reclaim(int noticeSeconds, Long lastStep) {}

  public record ReclaimAck(int drainSeconds) {}

  /** {@code .../hold}: a checkpoint that was not committed, and why; for the user's eyes. */
  public record Hold(long step, String reason, Long bytes, Integer files) {}
}
