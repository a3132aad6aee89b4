package io.vaultlayer.providers;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.testkit.fake.ManualClock;
import io.vaultlayer.testkit.fake.SeededEntropy;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OffersTest {
  private static final GpuClass A100 = GpuClass.find("A100_40").orElseThrow();
  private static final GpuClass H100 = GpuClass.find("H100").orElseThrow();

  @TempDir Path temp;

  @Test
  void cpuIsAlwaysOfferedForNothing() {
    var offer = provider(List.of()).offers(List.of(GpuClass.CPU)).getFirst();
    assertThat(offer.provider()).isEqualTo("local");
    assertThat(offer.usdPerHour()).isZero();
    assertThat(offer.pricing()).isEqualTo("spot");
    assertThat(offer.present()).isTrue();
    assertThat(offer.machineId()).isNotBlank();
  }

  @Test
  void aGpuThatIsThereIsCountedAndOneThatIsNotIsMarked() {
    var here = List.of(new NvidiaSmi.Gpu(A100, "a"), new NvidiaSmi.Gpu(A100, "b"));
    var offers = provider(here).offers(List.of(H100, A100, GpuClass.CPU));
    assertThat(offers).extracting(Offer::present).containsExactly(false, true, true);
    assertThat(offers).extracting(Offer::count).containsExactly(1, 2, 1);
    assertThat(offers).extracting(Offer::memGiB).containsExactly(80, 40, 0);
  }

  @Test
  void beatAndLeaseAreThoseOfTheSetting() {
    var facts = provider(List.of()).facts();
    assertThat(facts.status()).isEqualTo("validated");
    assertThat(facts.beatSeconds()).isEqualTo(2);
    assertThat(facts.leaseSeconds()).isEqualTo(8);
    assertThat(facts.deadMan()).isPresent();
  }

  @ParameterizedTest
  @CsvSource({
    "NVIDIA A100-SXM4-40GB, 40960, A100_40",
    "NVIDIA A100 80GB PCIe, 81920, A100_80",
    "NVIDIA A100-SXM4-80GB, 81920, A100_80",
    "NVIDIA A10G, 23028, A10G",
    "NVIDIA A10, 23028, A10",
    "NVIDIA H100 80GB HBM3, 81559, H100",
    "NVIDIA H200, 143771, H200",
    "NVIDIA GH200 480GB, 97871, GH200",
    "NVIDIA B200, 183359, B200",
    "NVIDIA L4, 23034, L4",
    "NVIDIA L40S, 46068, L40S",
    "Tesla T4, 15360, T4",
    "Tesla V100-SXM2-16GB, 16384, V100_16",
    "Tesla V100-SXM2-32GB, 32768, V100_32",
    "NVIDIA GeForce RTX 4090, 24564, RTX4090",
    "NVIDIA RTX A6000, 49140, A6000",
    "NVIDIA RTX 6000 Ada Generation, 49140, RTX6000ADA",
    "NVIDIA RTX PRO 6000 Blackwell Server Edition, 97887, RTX_PRO_6000",
  })
  void theDriversSpellingNamesTheClass(String name, long mebibytes, String expected) {
    assertThat(NvidiaSmi.parse(name + ", " + mebibytes + "\n"))
        .singleElement()
        .satisfies(gpu -> assertThat(gpu.gpu().name()).isEqualTo(expected));
  }

  @ParameterizedTest
  @CsvSource({
    "NVIDIA T400, 2048",
    "NVIDIA GeForce RTX 4090, 49140", // rebuilt with twice the memory: another class
    "NVIDIA GB200, 189471",
    "NVIDIA A100-SXM4-40GB, [N/A]",
    "Quadro RTX 6000, 24576",
  })
  void whatIsNoKnownClassIsNotOffered(String name, String mebibytes) {
    assertThat(NvidiaSmi.parse(name + ", " + mebibytes)).isEmpty();
  }

  @Test
  void aMachineWithoutADriverHasNoGpus() {
    assertThat(NvidiaSmi.parse("")).isEmpty();
    assertThat(NvidiaSmi.parse("NVIDIA-SMI has failed because it could not talk")).isEmpty();
    assertThat(new NvidiaSmi().get()).isNotNull();
  }

  @Test
  void theRegistryNamesFourteenProvidersAndSaysWhyEachMayNotBeUsed() {
    assertThat(Registry.all())
        .extracting(Registry.Entry::name)
        .hasSize(14)
        .doesNotHaveDuplicates()
        .startsWith("local");
    assertThat(Registry.all())
        .filteredOn(entry -> entry.status().equals(Registry.VALIDATED))
        .extracting(Registry.Entry::name)
        .containsExactly("local");
    assertThat(Registry.find("nobody")).isEmpty();
  }

  private LocalProvider provider(List<NvidiaSmi.Gpu> gpus) {
    return new LocalProvider(
        temp, List.of("/bin/true"), () -> gpus, 2, 8, new ManualClock(), new SeededEntropy(1));
  }
}
