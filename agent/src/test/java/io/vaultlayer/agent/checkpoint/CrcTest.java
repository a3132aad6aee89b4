package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class CrcTest {
  @Test
  void aWholesChecksumFollowsFromThoseOfItsParts() {
    var random = new Random(7);
    for (int length : new int[] {0, 1, 2, 255, 4096, 100_003}) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      for (int cut : new int[] {0, length / 3, length / 2, length}) {
        long first = crc(Arrays.copyOfRange(bytes, 0, cut));
        long second = crc(Arrays.copyOfRange(bytes, cut, length));
        assertThat(Crc.combined(first, second, length - cut)).isEqualTo(crc(bytes));
      }
    }
  }

  @Test
  void aSecondPartOfManyGibibytesIsCountedInFull() {
    // The same in two steps as in one, also beyond 32 bits.
    long far = 5L << 32;
    long once = Crc.combined(0xcafebabeL, 0, far);
    assertThat(Crc.combined(Crc.combined(0xcafebabeL, 0, far - 12_345), 0, 12_345)).isEqualTo(once);
    assertThat(once).isNotEqualTo(Crc.combined(0xcafebabeL, 0, 1));
  }

  private static long crc(byte[] bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }
}
