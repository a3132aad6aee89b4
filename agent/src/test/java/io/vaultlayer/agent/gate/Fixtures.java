package io.vaultlayer.agent.gate;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Small whole files of each format, byte by byte as their frameworks write them. */
public final class Fixtures {
  private Fixtures() {}

  /** As torch.save leaves it. */
  public static byte[] zip() throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("model/data.pkl"));
      zip.write(new byte[100]);
      zip.putNextEntry(new ZipEntry("model/version"));
      zip.write('3');
    }
    return bytes.toByteArray();
  }

  static byte[] safetensors(byte... data) {
    return safetensors(
        "{\"__metadata__\":{\"n\":\"1\"},\"w\":{\"dtype\":\"U8\",\"shape\":["
            + data.length
            + "],\"data_offsets\":[0,"
            + data.length
            + "]}}  ",
        data);
  }

  static byte[] safetensors(String header, byte... data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(data)
        .array();
  }

  static byte[] ocdbt() {
    var all = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
    all.put(new byte[] {0x0c, (byte) 0xdb, 0x3a, 0x2a}).putLong(40);
    all.put(new byte[24]);
    var sum = new CRC32C();
    sum.update(all.array(), 0, 36);
    return all.putInt((int) sum.getValue()).array();
  }

  /** {@code {"w": ext(5 bytes), "n": [3, None]}}, as Flax packs it. */
  static byte[] msgpack() {
    return new byte[] {
      (byte) 0x82,
      (byte) 0xa1,
      'w',
      (byte) 0xc7,
      5,
      1,
      9,
      9,
      9,
      9,
      9,
      (byte) 0xa1,
      'n',
      (byte) 0x92,
      3,
      (byte) 0xc0
    };
  }

  /** {@code pickle.dumps({"step": 3}, 4)}. */
  static byte[] pickle() {
    return new byte[] {
      (byte) 0x80,
      4,
      (byte) 0x95,
      13,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      '}',
      (byte) 0x94,
      (byte) 0x8c,
      4,
      's',
      't',
      'e',
      'p',
      (byte) 0x94,
      'K',
      3,
      's',
      '.'
    };
  }

  static byte[] npy() {
    String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
    return ByteBuffer.allocate(10 + header.length() + 24)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 0x93)
        .put("NUMPY".getBytes(StandardCharsets.ISO_8859_1))
        .put((byte) 1)
        .put((byte) 0)
        .putShort((short) header.length())
        .put(header.getBytes(StandardCharsets.ISO_8859_1))
        .array();
  }
}
