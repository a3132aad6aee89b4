package io.vaultlayer.core.place;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class GpuClassTest {
  private static void areOne(String name, String... spellings) {
    for (var spelling : spellings) {
      assertThat(GpuClass.find(spelling).map(GpuClass::name)).as(spelling).contains(name);
    }
  }

  @Test
  void theSpellingsOfAClassAreOneClass() {
    areOne("A100_40", "A100_40", "A100_40GB", "a100-40", "A100-40GB", "a100 40 gb", "A100");
    areOne("A100_80", "A100_80", "A100_80GB", "a100-80", "NVIDIA A100 80GB");
    areOne("H100", "H100", "h100", "H100_80", "H100-80GB", "NVIDIA H100");
    areOne("RTX4090", "RTX4090", "rtx 4090", "RTX_4090", "rtx-4090-24gb");
    areOne("RTX_PRO_6000", "RTX_PRO_6000", "RTX PRO 6000", "rtxpro6000");
    areOne("V100_16", "V100", "V100_16", "v100-16gb");
    areOne("L4", "L4", "l4", "L4_24GB");
    areOne("cpu", "cpu", "CPU", "none");
  }

  @Test
  void classesThatLookAlikeStayApart() {
    assertThat(List.of("A10", "A10G", "A100", "L4", "L40", "L40S", "A40", "A4000", "A100_80"))
        .extracting(s -> GpuClass.find(s).orElseThrow().name())
        .doesNotHaveDuplicates();
  }

  @Test
  void everyKnownClassIsFoundByItsNameAndWithItsMemory() {
    for (var gpu : GpuClass.known()) {
      assertThat(GpuClass.find(gpu.name())).contains(gpu);
      if (gpu.memGiB() > 0) {
        var plain = gpu.name().replaceAll("_" + gpu.memGiB() + "$", "");
        assertThat(GpuClass.find(plain + "_" + gpu.memGiB() + "GB")).as(gpu.name()).contains(gpu);
      }
    }
    assertThat(GpuClass.known()).extracting(GpuClass::name).doesNotHaveDuplicates();
  }

  @Test
  void whatNobodyKnowsIsNotGuessed() {
    for (var spelling : List.of("", " ", "A1000", "A100_20", "H100_40GB", "TPU", "NVIDIA", "GB")) {
      assertThat(GpuClass.find(spelling)).as(spelling).isEmpty();
    }
  }
}
