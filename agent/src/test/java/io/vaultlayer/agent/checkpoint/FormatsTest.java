package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FormatsTest {
  @TempDir Path directory;

  @Test
  void acceptsAWholeZipAndRefusesATruncatedOne() throws Exception {
    byte[] zip = zip();
    assertThat(problem("model.pt", zip)).isEmpty();
    assertThat(proves("model.pt", zip)).isTrue();
    for (int length = 4; length < zip.length; length += 7) {
      byte[] cut = Arrays.copyOf(zip, length);
      assertThat(problem("model.pt", cut)).as("cut at %s", length).isPresent();
      assertThat(proves("model.pt", cut)).isFalse();
    }
  }

  @Test
  void saysNothingOfAPickle() throws Exception {
    byte[] pickle = {(byte) 0x80, 2, (byte) 0x8a, 10};
    assertThat(problem("model.pt", pickle)).isEmpty();
    assertThat(proves("model.pt", pickle)).isFalse();
  }

  @Test
  void holdsASafetensorsFileAgainstItsHeader() throws Exception {
    byte[] whole = safetensors((byte) 7);
    assertThat(problem("m.safetensors", whole)).isEmpty();
    assertThat(proves("m.safetensors", whole)).isTrue();
    byte[] cut = Arrays.copyOf(whole, whole.length - 1);
    assertThat(problem("m.safetensors", cut).orElseThrow()).contains("should have");
    assertThat(problem("m.safetensors", Arrays.copyOf(whole, 5))).isPresent();
  }

  @Test
  void takesNoProofFromASafetensorsFileThatEndsInZeros() throws Exception {
    assertThat(problem("m.safetensors", safetensors((byte) 0))).isEmpty();
    assertThat(proves("m.safetensors", safetensors((byte) 0))).isFalse();
  }

  @Test
  void readsJsonAsTrainersWriteIt() throws Exception {
    assertThat(problem("s.json", "{\"loss\": NaN, \"a\": [1, Infinity]}".getBytes())).isEmpty();
    assertThat(problem("s.json", "3".getBytes())).isEmpty();
    assertThat(problem("s.json", "{\"loss\": [1, 2".getBytes())).isPresent();
    assertThat(problem("s.json", new byte[0])).isPresent();
    assertThat(problem("s.json", "{\"loss\": \"half".getBytes())).isPresent();
    assertThat(problem("s.json", ("[" + "9".repeat(6000) + "]").getBytes())).isEmpty();
    assertThat(problem("s.json", "// theirs\n{a: 1}".getBytes())).isEmpty();
  }

  private java.util.Optional<String> problem(String name, byte[] content) throws IOException {
    Path file = Files.write(directory.resolve(name), content);
    return Formats.problem(name, file, content.length);
  }

  private boolean proves(String name, byte[] content) throws IOException {
    Path file = Files.write(directory.resolve(name), content);
    return Formats.provesEnd(name, file, content.length);
  }

  static byte[] zip() throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("model/data.pkl"));
      zip.write(new byte[100]);
      zip.putNextEntry(new ZipEntry("model/version"));
      zip.write('3');
    }
    return bytes.toByteArray();
  }

  private static byte[] safetensors(byte fill) {
    byte[] header =
        "{\"__metadata__\":{\"n\":\"1\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"
            .getBytes();
    var all = ByteBuffer.allocate(8 + header.length + 8).order(ByteOrder.LITTLE_ENDIAN);
    all.putLong(header.length).put(header);
    while (all.hasRemaining()) {
      all.put(fill);
    }
    return all.array();
  }
}
