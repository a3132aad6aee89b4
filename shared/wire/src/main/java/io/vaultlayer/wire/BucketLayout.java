package io.vaultlayer.wire;

/** Keys of the bucket (contract, section 5). */
public final class BucketLayout {
  private BucketLayout() {}

  public static final String MANIFEST = "_manifest.json";

  public static String job(String job) {
    return "jobs/" + job + "/";
  }

  public static String workdir(String job, String sha256) {
    return job(job) + "workdir/" + sha256 + ".tar.gz";
  }

  public static String epochName(int epoch) {
    return "e%08d".formatted(epoch);
  }

  public static String checkpoints(String job, int epoch) {
    return job(job) + "checkpoints/" + epochName(epoch) + "/";
  }

  /** Prefix of one checkpoint, ending in a slash. */
  public static String checkpoint(String job, int epoch, long step) {
    return checkpoints(job, epoch) + "step-%012d/".formatted(step);
  }

  public static String checkpointManifest(String job, int epoch, long step) {
    return checkpoint(job, epoch, step) + MANIFEST;
  }

  public static String logs(String job) {
    return job(job) + "logs/";
  }

  public static String logs(String job, int epoch) {
    return logs(job) + epochName(epoch) + "/";
  }

  public static String log(String job, int epoch, long sequence) {
    return logs(job, epoch) + "%08d.log".formatted(sequence);
  }

  public static String outputs(String job, int epoch) {
    return job(job) + "outputs/" + epochName(epoch) + "/";
  }

  public static String outputsManifest(String job, int epoch) {
    return outputs(job, epoch) + MANIFEST;
  }
}
