package io.vaultlayer.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vaultlayer.wire.GpuFigures.Figure;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GpuFiguresTest {
  private static Figure figure(int use, long used, long total, int temperature, int power) {
    return new Figure(
        use < 0 ? OptionalInt.empty() : OptionalInt.of(use),
        used < 0 ? OptionalLong.empty() : OptionalLong.of(used),
        total < 0 ? OptionalLong.empty() : OptionalLong.of(total),
        temperature < 0 ? OptionalInt.empty() : OptionalInt.of(temperature),
        power < 0 ? OptionalInt.empty() : OptionalInt.of(power));
  }

  @Test
  void whatIsWrittenIsReadBackAndWrittenTheSame() {
    var chance = new Random(5);
    for (int n = 0; n < 2000; n++) {
      long total = n % 10 == 0 ? -1 : 2048 + chance.nextInt(300_000);
      var figures =
          List.of(
              figure(
                  chance.nextInt(102) - 1,
                  total < 0 ? -1 : chance.nextLong(total + 1),
                  total,
                  chance.nextInt(121) - 1,
                  chance.nextInt(1201) - 1));
      String text = GpuFigures.render(figures);
      assertThat(text).hasSize(7).matches("[A-Za-z0-9_-]+");
      var read = GpuFigures.parse(text).orElseThrow();
      assertThat(GpuFigures.render(read)).isEqualTo(text);
      assertThat(read.getFirst().utilisationPercent())
          .isEqualTo(figures.getFirst().utilisationPercent());
      assertThat(read.getFirst().temperatureC()).isEqualTo(figures.getFirst().temperatureC());
      if (figures.getFirst().powerW().isPresent()) {
        assertThat(read.getFirst().powerW().getAsInt())
            .isCloseTo(figures.getFirst().powerW().getAsInt(), within(4));
      }
      if (total > 0) {
        assertThat((double) read.getFirst().memoryUsedMiB().getAsLong())
            .isCloseTo(figures.getFirst().memoryUsedMiB().getAsLong(), within(total / 200.0 + 129));
      }
    }
  }

  @Test
  void whatIsOutOfRangeBecomesTheNearest() {
    var read =
        GpuFigures.parse(GpuFigures.render(List.of(figure(400, 9, 8, 900, 99_999)))).orElseThrow();
    assertThat(read.getFirst().utilisationPercent()).hasValue(126);
    assertThat(read.getFirst().temperatureC()).hasValue(126);
    assertThat(read.getFirst().powerW()).hasValue(254 * 8);
  }

  @Test
  void whatIsNoneOfOursIsNotRead() {
    assertThat(GpuFigures.parse(null)).isEmpty();
    assertThat(GpuFigures.parse("")).isEmpty();
    assertThat(GpuFigures.parse("AAAAAA")).isEmpty();
    assertThat(GpuFigures.parse("AAAA AA")).isEmpty();
    assertThat(GpuFigures.parse("A".repeat(2 + 5 * 17))).isEmpty();
    assertThat(GpuFigures.render(Collections.nCopies(40, figure(1, 1, 256, 1, 1))))
        .hasSize(2 + 5 * GpuFigures.MOST_GPUS);
  }
}
