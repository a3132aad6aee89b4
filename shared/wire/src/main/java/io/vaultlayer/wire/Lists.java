package io.vaultlayer.wire;

import java.util.List;

/**
 * The list documents of the contract, section 1. {@code next} is handed back as {@code after}; null
 * at the end.
 */
public final class Lists {
  private Lists() {}

  public record Jobs(List<StatusDocument> jobs, String next) {}

  public record Checkpoints(List<Checkpoint> checkpoints, String next) {}

  /**
   * {@code status}: committed, held, condemned or pruned; {@code uri} of its prefix in the bucket.
   */
  public record Checkpoint(
      long step,
      int epoch,
      String status,
      String reason,
      Long bytes,
      Integer files,
      String committedAt,
      String uri,
      String manifestKey,
      String manifestSha256) {}

  public record Logs(List<LogPiece> logs, String next) {}

  /**
   * One shipped piece of an attempt's output; exactly one of {@code text} (valid UTF-8) and {@code
   * base64} is set.
   */
  public record LogPiece(int attempt, long sequence, String text, String base64) {}

  public record Decisions(List<DecisionRow> decisions, String next) {}

  /**
   * A decision, or a reason for doing nothing: then {@code event} and {@code edge} are null, {@code
   * reason} is {@code <code>: <text>}, it was said first {@code at} and {@code count} times at
   * least {@code until} then. {@code epoch} is null where it is about every job.
   */
  public record DecisionRow(
      String at,
      Integer epoch,
      String state,
      String event,
      String edge,
      String reason,
      List<String> effects,
      Long count,
      String until) {}

  public record Providers(List<ProviderRow> providers) {}

  public record ProviderRow(String name, String status, String evidence, String reason) {}

  public record Offers(List<OfferRow> offers) {}

  public record OfferRow(
      String gpu,
      int count,
      int memGiB,
      String provider,
      String region,
      String pricing,
      double usdPerHour,
      String status) {}

  /**
   * @param jobs looked at for this page
   * @param openInstances of this page, not confirmed gone: a live job's own are among them
   * @param reservations of money for instances of this page, not released yet
   */
  public record Check(
      int jobs, List<Broken> broken, int openInstances, int reservations, String next) {}

  public record Broken(String job, String invariant, String detail) {}

  /** A way to fetch one object: presigned GET. */
  public record Download(String path, String key, long bytes, String sha256, String url) {}

  /** Files of a checkpoint or of the outputs, each with a presigned URL. */
  public record Downloads(Long step, int epoch, List<Download> files, String next) {}
}
