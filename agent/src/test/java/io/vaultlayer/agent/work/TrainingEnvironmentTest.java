package io.vaultlayer.agent.work;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.checkpoint.Restored;
import io.vaultlayer.wire.AttemptApi.Assignment;
import io.vaultlayer.wire.Manifest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TrainingEnvironmentTest {
  private static final InstanceDir PLACES = new InstanceDir(Path.of("/instance"));

  private static Map<String, String> of(
      Map<String, String> user, Map<String, String> shell, Map<String, String> host) {
    return of(user, shell, host, Optional.empty());
  }

  private static Map<String, String> of(
      Map<String, String> user,
      Map<String, String> shell,
      Map<String, String> host,
      Optional<Restored> restored) {
    return TrainingEnvironment.of(
        assignment(user, shell, null), PLACES, "vl-label", restored, host);
  }

  private static Assignment assignment(
      Map<String, String> user, Map<String, String> shell, String checkpointDir) {
    return new Assignment(
        "job_1",
        3,
        "n",
        List.of("x"),
        user,
        shell,
        null,
        checkpointDir,
        "10m",
        "k",
        "s",
        1,
        null,
        null,
        2,
        8,
        600,
        1800,
        List.of(),
        null);
  }

  @Test
  void theUsersVariablesWinOverTheShellsAndThoseOverTheHosts() {
    var all =
        of(
            Map.of("PATH", "/user", "A", "1"),
            Map.of("PATH", "/shell", "VIRTUAL_ENV", "/venv"),
            Map.of("PATH", "/host", "HOME", "/home"));
    assertThat(all)
        .containsEntry("PATH", "/user")
        .containsEntry("A", "1")
        .containsEntry("VIRTUAL_ENV", "/venv")
        .containsEntry("HOME", "/home");
  }

  @Test
  void nothingElseOfTheHostIsPassedOn() {
    assertThat(of(Map.of(), Map.of(), Map.of("AWS_SECRET_ACCESS_KEY", "s", "NCCL_DEBUG", "INFO")))
        .doesNotContainKey("AWS_SECRET_ACCESS_KEY")
        .containsEntry("NCCL_DEBUG", "INFO")
        .containsKey("PATH");
  }

  @Test
  void oursAndTheMarksOfTheInstanceCannotBeOverwritten() {
    var all =
        of(
            Map.of(
                "VAULTLAYER_JOB_ID", "mine",
                "VAULTLAYER_INSTANCE", "hidden",
                "VAULTLAYER_INSTANCE_DIR", "hidden",
                "VAULTLAYER_RESUME_STEP", "9"),
            Map.of(),
            Map.of("VAULTLAYER_INSTANCE", "x", "VAULTLAYER_INSTANCE_DIR", "/instances"));
    assertThat(all)
        .containsEntry("VAULTLAYER_JOB_ID", "job_1")
        .containsEntry("VAULTLAYER_ATTEMPT", "3")
        .containsEntry("VAULTLAYER_CHECKPOINT_EVERY", "10m")
        .containsEntry("VAULTLAYER_INSTANCE", "vl-label")
        .containsEntry("VAULTLAYER_INSTANCE_DIR", "/instances")
        .doesNotContainKey("VAULTLAYER_RESUME_STEP");
  }

  @Test
  void aRestoredCheckpointIsNamed() {
    var manifest = new Manifest("job_1", 2, 800L, "t", "unknown", List.of(), Map.of());
    var restored = new Restored(800, Path.of("/instance/scratch/checkpoints/c"), manifest);
    assertThat(of(Map.of(), Map.of(), Map.of(), Optional.of(restored)))
        .containsEntry("VAULTLAYER_RESUME_STEP", "800")
        .containsEntry("VAULTLAYER_RESUME_FROM", "/instance/scratch/checkpoints/c");
  }

  @Test
  void theHelperModuleComesFirstOnThePythonPath() {
    assertThat(of(Map.of("PYTHONPATH", "/mine"), Map.of(), Map.of()))
        .containsEntry("PYTHONPATH", "/instance/scratch/python:/mine");
    assertThat(of(Map.of(), Map.of(), Map.of()))
        .containsEntry("PYTHONPATH", "/instance/scratch/python")
        .containsEntry("PYTHONUNBUFFERED", "1");
  }

  @Test
  void aCheckpointDirectoryIsMeantFromTheWorkDirectory() {
    assertThat(TrainingEnvironment.kept(assignment(Map.of(), Map.of(), "out/c"), PLACES))
        .hasToString("/instance/scratch/work/out/c");
    assertThat(TrainingEnvironment.kept(assignment(Map.of(), Map.of(), ""), PLACES))
        .hasToString("/instance/scratch/checkpoints");
  }
}
