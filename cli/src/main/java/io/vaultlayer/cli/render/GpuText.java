package io.vaultlayer.cli.render;

import io.vaultlayer.wire.StatusDocument;
import io.vaultlayer.wire.StatusDocument.Gpu;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The GPUs of a job for people. */
public final class GpuText {
  private static final double MIB_PER_GIB = 1024;
  private static final Set<String> WITHOUT_AN_ATTEMPT =
      Set.of("queued", "placing", "waiting", "recovering");

  private GpuText() {}

  public static List<String> lines(StatusDocument job, Instant now) {
    var name = job.name() == null ? job.id() : job.name();
    if (job.gpus() == null || job.gpus().isEmpty()) {
      return List.of(Text.printable(name + ": " + nothing(job)));
    }
    var lines = new ArrayList<String>();
    var age = Text.age(job.heardAt(), now);
    lines.add(
        Text.printable(
            name
                + ": "
                + job.gpus().size()
                + " x "
                + job.gpu()
                + " on "
                + job.provider()
                + (age == null ? "" : ", heard " + age + " ago")));
    var table = new Table("GPU", "USE", "MEMORY", "OF", "TEMPERATURE", "POWER");
    for (Gpu gpu : job.gpus()) {
      table.row(
          gpu.index(),
          with(gpu.utilisationPercent(), " %"),
          gib(gpu.memoryUsedMiB()),
          gib(gpu.memoryTotalMiB()),
          with(gpu.temperatureC(), " C"),
          with(gpu.powerW(), " W"));
    }
    lines.addAll(table.lines());
    return lines;
  }

  private static String nothing(StatusDocument job) {
    if (job.endedAt() != null) {
      return "the job has ended (" + job.state() + "); there are figures only while it runs";
    }
    if (WITHOUT_AN_ATTEMPT.contains(job.state())) {
      return "the job is " + job.state() + "; no instance runs it now";
    }
    if ("cpu".equals(job.gpu())) {
      return "it runs on the class cpu: there is no GPU to show";
    }
    return Boolean.FALSE.equals(job.gpuPresent())
        ? "it runs on " + job.provider() + ", where there is no GPU"
        : "no figures yet; the agent looks every 30 s, and shows none where nvidia-smi is missing"
            + " or does not answer";
  }

  private static String with(Object value, String unit) {
    return value == null ? null : value + unit;
  }

  private static String gib(Long mib) {
    return mib == null ? null : String.format(Locale.ROOT, "%.1f GiB", mib / MIB_PER_GIB);
  }
}
