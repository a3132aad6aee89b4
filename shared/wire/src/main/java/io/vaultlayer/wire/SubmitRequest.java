package io.vaultlayer.wire;

import java.util.List;
import java.util.Map;

/**
 * {@code POST /v1/jobs}. Only {@code command} and {@code workdir} are required; null means the
 * default.
 *
 * @param gpu classes wanted, best first; null or empty: any
 * @param environment the user's variables; stored apart from the job and handed only to the attempt
 *     that runs it
 * @param hostEnvironment PATH, VIRTUAL_ENV, CONDA_*, LD_LIBRARY_PATH of the submitting shell, used
 *     on the local provider
 * @param checkpointDir relative to the work directory or absolute; null: made by the agent
 * @param checkpointEvery STEPS or DURATION as typed
 * @param maxWait a duration such as {@code 6h}; a job without a place for so long fails
 * @param retryExitCodes with which the user's program asks to be started again
 * @param keepLast how many of the newest checkpoints are kept, from 2; null: 7
 * @param keepEvery besides them every so manieth; 0: none; null: 10
 * @param pricing {@code spot}, {@code on-demand} or null for the cheapest expected cost
 */
public record SubmitRequest(
    String name,
    List<String> command,
    List<GpuWish> gpu,
    Boolean failover,
    Map<String, String> environment,
    Map<String, String> hostEnvironment,
    String pricing,
    List<String> providers,
    String setup,
    String image,
    String checkpointDir,
    String checkpointEvery,
    String deadline,
    Double budgetUsd,
    Double maxPriceUsdPerHour,
    Integer maxAttempts,
    String maxWait,
    List<Integer> retryExitCodes,
    List<String> secrets,
    Workdir workdir,
    Integer keepLast,
    Integer keepEvery) {

  /** One acceptable class and how many of it. */
  public record GpuWish(String gpu, int count) {}

  /**
   * The packed work directory: a gzip-compressed tar; {@code sha256} in hex of the packed bytes.
   */
  public record Workdir(String sha256, long bytes) {}
}
