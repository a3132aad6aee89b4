package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputsUploaderTest {
  @TempDir Path outputs;
  private LoopbackBucket bucket;
  private OutputsUploader uploader;

  @BeforeEach
  void open() throws IOException {
    bucket = new LoopbackBucket();
    var stop = new Stop();
    uploader = new OutputsUploader(bucket.store(stop), stop);
  }

  @AfterEach
  void close() {
    bucket.close();
  }

  @Test
  void storesEveryFileAndTheManifestLast() throws Exception {
    Rig.fill(outputs, "model.bin", "m", "plots/a.svg", "a", ".hidden", "h");
    var stored = uploader.upload(Rig.JOB, 3, outputs);
    String prefix = BucketLayout.outputs(Rig.JOB, 3);
    assertThat(bucket.objects().keySet())
        .containsExactly(
            prefix + ".hidden",
            prefix + "_manifest.json",
            prefix + "model.bin",
            prefix + "plots/a.svg");
    assertThat(bucket.calls().getLast().key()).isEqualTo(stored.manifestKey());
    byte[] content = bucket.objects().get(stored.manifestKey());
    assertThat(stored.manifestSha256()).isEqualTo(Hex.of(Hex.sha256(content)));
    assertThat(stored.files()).isEqualTo(3);
    Manifest manifest = JudgingCommits.manifest(content);
    assertThat(manifest.step()).isNull();
    assertThat(JudgingCommits.missing(bucket, manifest)).isEmpty();
  }

  @Test
  void storesAManifestWithoutFilesWhereThereAreNoOutputs() throws Exception {
    var stored = uploader.upload(Rig.JOB, 3, outputs.resolve("never-made"));
    assertThat(stored.files()).isZero();
    assertThat(bucket.objects()).containsOnlyKeys(stored.manifestKey());
  }

  @Test
  void goesOnWhereItStoppedAndGivesTheSameManifest() throws Exception {
    Rig.fill(outputs, "a", "1", "b", "2");
    bucket.faults(call -> call.isFor("PUT", "_manifest.json") ? Fault.SERVER_ERROR : Fault.NONE);
    assertThatThrownBy(() -> uploader.upload(Rig.JOB, 3, outputs))
        .isInstanceOf(StoreException.Unreachable.class);
    bucket.faults(call -> Fault.NONE);
    var first = uploader.upload(Rig.JOB, 3, outputs);
    var again = uploader.upload(Rig.JOB, 3, outputs);
    assertThat(again).isEqualTo(first);
    assertThat(bucket.objects()).hasSize(3);
  }

  @Test
  void refusesOtherOutputsUnderAManifestThatIsThere() throws Exception {
    Rig.fill(outputs, "a", "1");
    uploader.upload(Rig.JOB, 3, outputs);
    Files.writeString(outputs.resolve("a"), "2");
    assertThatThrownBy(() -> uploader.upload(Rig.JOB, 3, outputs))
        .hasMessageContaining("other outputs of this attempt");
  }
}
