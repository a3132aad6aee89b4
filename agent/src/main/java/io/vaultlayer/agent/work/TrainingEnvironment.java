package io.vaultlayer.agent.work;

import io.vaultlayer.agent.checkpoint.Restored;
import io.vaultlayer.agent.host.ProcessTree;
import io.vaultlayer.wire.AttemptApi.Assignment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The variables that the user's program sees. From the host only what a program needs to find its
 * way; then the submitting shell's (local provider), then the user's, and over all of them ours.
 */
public final class TrainingEnvironment {
  /** Of the agent's own environment. Not copied whole: a host's may hold what is not the job's. */
  private static final List<String> FROM_THE_HOST =
      List.of("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "HOSTNAME");

  private static final List<String> FAMILIES_FROM_THE_HOST =
      List.of("LC_", "CUDA_", "NVIDIA_", "NCCL_");

  private static final String USUAL_PATH = "/usr/local/bin:/usr/bin:/bin";

  private TrainingEnvironment() {}

  /** The directory that is kept. A relative one of the user's is meant from the work directory. */
  public static Path kept(Assignment assignment, InstanceDir places) {
    String asked = assignment.checkpointDir();
    return asked == null || asked.isBlank()
        ? places.checkpoints()
        : places.work().resolve(asked).normalize();
  }

  public static Map<String, String> of(
      Assignment assignment,
      InstanceDir places,
      String label,
      Optional<Restored> restored,
      Map<String, String> host) {
    var all = new LinkedHashMap<String, String>();
    host.forEach((name, value) -> {
      if (FROM_THE_HOST.contains(name)
          || FAMILIES_FROM_THE_HOST.stream().anyMatch(name::startsWith)) {
        all.put(name, value);
      }
    });
    all.putIfAbsent("PATH", USUAL_PATH);
    // Lines appear when they are printed; a user who wants buffering sets it empty.
    all.put("PYTHONUNBUFFERED", "1");
    all.putAll(orEmpty(assignment.hostEnvironment()));
    all.putAll(orEmpty(assignment.environment()));
    // By these the host finds every process of an instance; nothing of the user's may hide one.
    host.forEach((name, value) -> {
      if (name.startsWith(ProcessTree.MARKER)) {
        all.put(name, value);
      }
    });
    String kept = kept(assignment, places).toString();
    all.put("VAULTLAYER_CHECKPOINT_DIR", kept);
    all.put("CHECKPOINT_DIR", kept);
    all.put("VAULTLAYER_JOB_ID", assignment.job());
    all.put("VAULTLAYER_ATTEMPT", Integer.toString(assignment.epoch()));
    all.put("VL_OUTPUT_DIR", places.outputs().toString());
    all.put("VL_DATA_ROOT", places.data().toString());
    all.put("VAULTLAYER_PROGRESS_FILE", places.progress(assignment.epoch()).toString());
    all.put("VAULTLAYER_RUN_DIR", places.hook(assignment.epoch()).toString());
    String every = assignment.checkpointEvery();
    if (every != null && !every.isBlank()) {
      all.put("VAULTLAYER_CHECKPOINT_EVERY", every);
    }
    all.merge(
        "PYTHONPATH",
        places.python().toString(),
        (old, ours) -> old.isEmpty() ? ours : ours + ":" + old);
    all.put(ProcessTree.MARKER, label);
    all.remove("VAULTLAYER_RESUME_STEP");
    all.remove("VAULTLAYER_RESUME_FROM");
    restored.ifPresent(from -> {
      all.put("VAULTLAYER_RESUME_STEP", Long.toString(from.step()));
      all.put("VAULTLAYER_RESUME_FROM", from.from().toString());
    });
    return all;
  }

  /** Lays out the directories that the variables name. */
  public static void layOut(Assignment assignment, InstanceDir places) throws IOException {
    InstanceDir.empty(places.outputs());
    InstanceDir.empty(places.logs(assignment.epoch()));
    Files.createFile(places.output(assignment.epoch()));
    Files.createDirectories(places.hook(assignment.epoch()));
    Files.createDirectories(places.data());
    PythonSide.layOut(places.python());
    Files.createDirectories(kept(assignment, places));
  }

  private static Map<String, String> orEmpty(Map<String, String> map) {
    return map == null ? Map.of() : map;
  }
}
