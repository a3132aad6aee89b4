package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JobIdTest {
  private static final byte[] ZEROS = new byte[10];

  private static byte[] ones() {
    var bytes = new byte[10];
    java.util.Arrays.fill(bytes, (byte) 0xff);
    return bytes;
  }

  @Test
  void idsSortByTheirTimeWhateverTheRandomPart() {
    for (long time : new long[] {0, 1, 31, 32, 1_763_632_800_000L, (1L << 48) - 2}) {
      assertThat(JobId.make(time, ones())).isLessThan(JobId.make(time + 1, ZEROS));
    }
  }

  @Test
  void everyRandomBitCounts() {
    var seen = new HashSet<JobId>();
    for (int bit = 0; bit < 80; bit++) {
      var bytes = new byte[10];
      bytes[bit / 8] = (byte) (1 << bit % 8);
      seen.add(JobId.make(1, bytes));
    }
    seen.add(JobId.make(1, ZEROS));
    assertThat(seen).hasSize(81);
  }

  @Test
  void everyMadeIdHasTheShapeOfOne() {
    var random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      var bytes = new byte[10];
      random.nextBytes(bytes);
      var id = JobId.make(random.nextLong(1L << 48), bytes);
      assertThat(JobId.looksLike(id.value())).isTrue();
      assertThat(new JobId(id.toString())).isEqualTo(id);
    }
  }

  @Test
  void whatHasAnotherShapeIsNoId() {
    var good = JobId.make(1, ZEROS).value();
    for (var text :
        List.of(
            "",
            "job_",
            good + "0",
            good.substring(1),
            good.toUpperCase(java.util.Locale.ROOT),
            good.substring(0, 29) + "i",
            good.substring(0, 29) + "u",
            good + "\n",
            "../" + good)) {
      assertThat(JobId.looksLike(text)).as(text).isFalse();
      assertThatIllegalArgumentException().isThrownBy(() -> new JobId(text));
    }
    assertThat(JobId.looksLike(null)).isFalse();
    assertThatIllegalArgumentException().isThrownBy(() -> new JobId(null));
    assertThatIllegalArgumentException().isThrownBy(() -> JobId.make(1, new byte[9]));
  }
}
