package io.vaultlayer.agent.gate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FormatsTest {
  @TempDir Path directory;

  /** Whole files whose format tells where they end. */
  private static Map<String, byte[]> whole() throws IOException {
    return new TreeMap<>(
        Map.of(
            "model.pt", Fixtures.zip(),
            "state.npz", Fixtures.zip(),
            "m.safetensors", Fixtures.safetensors((byte) 7, (byte) 0, (byte) 1),
            "manifest.ocdbt", Fixtures.ocdbt(),
            "checkpoint_12", Fixtures.msgpack(),
            "flax_model.msgpack", Fixtures.msgpack(),
            "custom.pkl", Fixtures.pickle(),
            "array.npy", Fixtures.npy(),
            "config.json",
                "{\"a\": [1.5e3, {\"b\": null, \"c\": -Infinity}], \"\u00e9\u20ac\": \"x\"}"
                    .getBytes(UTF_8)));
  }

  @Test
  void aFileThatIsCutAnywhereIsNeverTakenAndTheWholeOneIs() throws Exception {
    for (var file : whole().entrySet()) {
      byte[] bytes = file.getValue();
      assertThat(problem(file.getKey(), bytes)).as(file.getKey()).isEmpty();
      // Flax's files have no extension: less than their first key could be anything.
      int least = file.getKey().equals("checkpoint_12") ? 3 : 0;
      for (int length = least; length < bytes.length; length++) {
        byte[] cut = Arrays.copyOf(bytes, length);
        assertThat(problem(file.getKey(), cut))
            .as("%s cut at %s of %s", file.getKey(), length, bytes.length)
            .isPresent();
        assertThat(proves(file.getKey(), cut)).isFalse();
      }
    }
  }

  @Test
  void whateverIsFlippedNothingIsThrown() throws Exception {
    var chance = new Random(11);
    for (var file : whole().entrySet()) {
      for (int n = 0; n < 150; n++) {
        byte[] bytes = file.getValue().clone();
        for (int flips = chance.nextInt(4); flips >= 0; flips--) {
          bytes[chance.nextInt(bytes.length)] = (byte) chance.nextInt(256);
        }
        problem(file.getKey(), bytes);
        proves(file.getKey(), bytes);
      }
    }
  }

  @Test
  void whatIsNotInAFormatsPowerIsNotClaimed() throws Exception {
    byte[] legacyTorch = {(byte) 0x80, 2, (byte) 0x8a, 1, 7, '.', 1, 2, 3};
    assertThat(problem("model.pt", legacyTorch)).isEmpty();
    assertThat(proves("model.pt", legacyTorch)).isFalse();
    assertThat(problem("weights.bin", new byte[] {1, 2, 3})).isEmpty();
    assertThat(problem("model.pt", "my own format".getBytes())).isEmpty();
    assertThat(problem("__0_0.distcp", Arrays.copyOf(Fixtures.zip(), 90))).isEmpty();
    assertThat(problem("__1_0.distcp", new byte[0])).isEmpty();
    assertThat(problem("notes.txt", new byte[0])).isEmpty();
    assertThat(problem("checkpoint_7", new byte[] {(byte) 0x80, 4, '.'})).isEmpty();
  }

  @Test
  void anEmptyFileAndOneOfZerosAreNoWeights() throws Exception {
    assertThat(problem("model.pt", new byte[0])).contains("it is empty");
    assertThat(problem("model.ckpt", new byte[9000])).contains("it was not written to its end");
  }

  @Test
  void aTensorThatOverlapsLeavesAGapOrHasAnotherShapeIsSeen() throws Exception {
    String tensor = "\"%s\":{\"dtype\":\"U8\",\"shape\":[%s],\"data_offsets\":[%s,%s]}";
    String a = tensor.formatted("a", 4, 0, 4);
    assertThat(safetensors("{" + a + "," + tensor.formatted("b", 4, 4, 8) + "}", 8)).isEmpty();
    assertThat(safetensors("{" + tensor.formatted("b", 4, 4, 8) + "," + a + "}", 8)).isEmpty();
    assertThat(safetensors("{" + a + "," + tensor.formatted("e", 0, 4, 4) + "}", 4)).isEmpty();
    assertThat(safetensors("{" + a + "," + tensor.formatted("b", 4, 2, 6) + "}", 6)).isPresent();
    assertThat(safetensors("{" + a + "," + tensor.formatted("b", 2, 6, 8) + "}", 8)).isPresent();
    assertThat(safetensors("{" + tensor.formatted("a", 5, 0, 4) + "}", 4)).isPresent();
    assertThat(safetensors("{" + tensor.formatted("a", "9".repeat(30), 0, 4) + "}", 4)).isPresent();
    assertThat(safetensors("{\"a\":{\"dtype\":\"U8\"}}", 0)).isPresent();
    assertThat(safetensors("[1]", 0)).isPresent();
    assertThat(safetensors("{}", 0)).isEmpty();
  }

  @Test
  void weightsThatAreNoNumbersAreHeld() throws Exception {
    String header = "{\"w\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}";
    var nan = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    nan.putShort((short) 0x7fc0).putShort((short) 0xffc0).putShort((short) 0x7fff);
    nan.putShort((short) 0x7fc1);
    assertThat(problem("m.safetensors", Fixtures.safetensors(header, nan.array())))
        .contains("its weights are NaN (not a number)");
    nan.putShort(6, (short) 0x3f80);
    assertThat(problem("m.safetensors", Fixtures.safetensors(header, nan.array()))).isEmpty();
  }

  @Test
  void aTailOfZerosIsNoProofOfAnEnd() throws Exception {
    byte[] zeros = Fixtures.safetensors(new byte[100]);
    assertThat(problem("m.safetensors", zeros)).isEmpty();
    assertThat(proves("m.safetensors", zeros)).isFalse();
    assertThat(proves("m.safetensors", Fixtures.safetensors((byte) 1))).isTrue();
    assertThat(proves("model.pt", Fixtures.zip())).isTrue();
  }

  @Test
  void jsonIsReadAsTrainersWriteIt() throws Exception {
    assertThat(problem("s.json", "{\"loss\": NaN, \"a\": [1, Infinity]}".getBytes())).isEmpty();
    assertThat(problem("s.json", "3".getBytes())).isEmpty();
    assertThat(problem("s.json", "{\"loss\": [1, 2".getBytes())).isPresent();
    assertThat(problem("s.json", new byte[0])).isPresent();
    assertThat(problem("s.json", "{\"loss\": \"half".getBytes())).isPresent();
    assertThat(problem("s.json", ("[" + "9".repeat(6000) + "]").getBytes())).isEmpty();
    assertThat(problem("s.json", "// theirs\n{a: 1}".getBytes())).isEmpty();
  }

  @Test
  void hostileHeadersCostNeitherTimeNorMemory() throws Exception {
    long begun = System.nanoTime();
    assertThat(problem("a.json", "[".repeat(1 << 20).getBytes())).isEmpty();
    assertThat(safetensors("{\"a\":" + "[".repeat(1 << 20), 0)).isPresent();
    assertThat(safetensors("{\"" + "k".repeat(2 << 20) + "\":{}}", 0)).isPresent();
    Path large = directory.resolve("large.safetensors");
    try (var file = new RandomAccessFile(large.toFile(), "rw")) {
      file.writeLong(Long.reverseBytes(100_000_000L));
      file.write('{');
      file.setLength(100_000_008L);
    }
    assertThat(Formats.problem(new Part("large.safetensors", large, 100_000_008L, 0))).isEmpty();
    byte[] endless = new byte[5];
    endless[0] = (byte) 0xdf; // a map of four thousand million entries
    Arrays.fill(endless, 1, 5, (byte) 0xff);
    assertThat(problem("a.msgpack", endless)).isPresent();
    Path zip = directory.resolve("hollow.npz");
    try (var file = new RandomAccessFile(zip.toFile(), "rw")) {
      file.setLength(3L << 30); // holes; its end claims a directory of 3 GiB
      file.seek((3L << 30) - 22);
      var end = ByteBuffer.allocate(22).order(ByteOrder.LITTLE_ENDIAN);
      end.putInt(0x06054b50).putInt(0).putShort((short) -1).putShort((short) -1);
      file.write(end.putInt((int) ((3L << 30) - 22)).putInt(0).array());
    }
    assertThat(Formats.problem(new Part("hollow.npz", zip, 3L << 30, 0))).isPresent();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
  }

  private Optional<String> safetensors(String header, int bytes) throws IOException {
    byte[] data = new byte[bytes];
    Arrays.fill(data, (byte) 7);
    return problem("m.safetensors", Fixtures.safetensors(header, data));
  }

  private Optional<String> problem(String name, byte[] content) throws IOException {
    return Formats.problem(part(name, content));
  }

  private boolean proves(String name, byte[] content) throws IOException {
    return Formats.provesEnd(part(name, content));
  }

  private Part part(String name, byte[] content) throws IOException {
    Path file = directory.resolve(name);
    // Written over, some file systems would put each of thousands onto the disk.
    Files.deleteIfExists(file);
    return new Part(name, Files.write(file, content), content.length, 0);
  }
}
