package io.vaultlayer.testkit.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Provider.Creation;
import io.vaultlayer.core.port.Provider.Refusal;
import io.vaultlayer.core.port.Provider.Sighting;
import io.vaultlayer.testkit.fake.FakeProvider.NextCreate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FakeProviderTest {
  private static final String LABEL = "vl-me-job-e1-1";
  private final FakeProvider cloud = new FakeProvider(new ManualClock());

  @Test
  void aCreatedInstanceIsListedDescribedAndEnded() {
    assertThat(create(LABEL)).isInstanceOf(Creation.Created.class);
    assertThat(labels()).containsExactly(LABEL);
    assertThat(cloud.describe(LABEL)).isEqualTo(Sighting.RUNNING);
    assertThat(cloud.list("you").instances()).isEmpty();
    cloud.terminate(LABEL);
    assertThat(labels()).isEmpty();
    assertThat(cloud.describe(LABEL)).isEqualTo(Sighting.GONE);
  }

  @Test
  void aBlindRepeatMakesASecondInstance() {
    create(LABEL);
    create(LABEL);
    assertThat(cloud.alive()).containsExactly(LABEL, LABEL);
  }

  @Test
  void oneOfTwoUnderALabelIsEndedByItsId() {
    create(LABEL);
    create(LABEL);
    var ids = cloud.ids(LABEL);
    cloud.terminate(LABEL, "no such id");
    cloud.terminate(LABEL, ids.getLast());
    assertThat(cloud.ids(LABEL)).containsExactly(ids.getFirst());
    cloud.terminate(LABEL);
    assertThat(cloud.alive()).isEmpty();
  }

  @Test
  void anAmbiguousCreateDidOrDidNotMakeIt() {
    cloud.nextCreate(new NextCreate.Ambiguous(true));
    cloud.nextCreate(new NextCreate.Ambiguous(false));
    assertThat(create(LABEL)).isInstanceOf(Creation.Ambiguous.class);
    assertThat(create("vl-me-job-e1-2")).isInstanceOf(Creation.Ambiguous.class);
    assertThat(labels()).containsExactly(LABEL);
  }

  @Test
  void noCapacityAndRefusalsMakeNothing() {
    cloud.noCapacity(true);
    assertThat(cloud.offers(List.of(GpuClass.CPU))).isEmpty();
    assertThat(create(LABEL)).isInstanceOf(Creation.Refused.class);
    cloud.noCapacity(false);
    cloud.nextCreate(new NextCreate.Refuse(Refusal.ACCOUNT));
    assertThat(create(LABEL)).isInstanceOf(Creation.Refused.class);
    assertThat(cloud.alive()).isEmpty();
    assertThat(cloud.launches()).hasSize(2);
  }

  @Test
  void aPartialListSaysSo() {
    create(LABEL);
    create("vl-me-job-e1-2");
    cloud.partialList(1);
    var partial = cloud.list("me");
    assertThat(partial.complete()).isFalse();
    assertThat(partial.instances()).hasSize(1);
    cloud.partialList(0);
    assertThat(cloud.list("me").complete()).isTrue();
    assertThat(labels()).hasSize(2);
  }

  @Test
  void describeCanLieWhileTheListIsTrue() {
    create(LABEL);
    cloud.vanish(LABEL);
    cloud.lie(LABEL, Optional.of(Sighting.RUNNING));
    assertThat(cloud.describe(LABEL)).isEqualTo(Sighting.RUNNING);
    assertThat(labels()).isEmpty();
    cloud.lie(LABEL, Optional.empty());
    assertThat(cloud.describe(LABEL)).isEqualTo(Sighting.GONE);
  }

  @Test
  void aSlowTerminateShowsTheInstanceForSomeMoreLists() {
    cloud.terminateAfterLists(2);
    create(LABEL);
    cloud.terminate(LABEL);
    cloud.terminate(LABEL);
    assertThat(labels()).hasSize(1);
    assertThat(labels()).hasSize(1);
    assertThat(labels()).isEmpty();
    assertThat(cloud.terminations()).hasSize(2);
  }

  @Test
  void aFreshInstanceCanBeMissingFromTheFirstLists() {
    cloud.visibleAfterLists(1);
    create(LABEL);
    assertThat(labels()).isEmpty();
    assertThat(labels()).hasSize(1);
  }

  @Test
  void aProviderThatFailsGivesNoAnswer() {
    create(LABEL);
    cloud.failing(true);
    assertThatExceptionOfType(Provider.ProviderFailure.class).isThrownBy(() -> cloud.list("me"));
    assertThatExceptionOfType(Provider.ProviderFailure.class)
        .isThrownBy(() -> cloud.terminate(LABEL));
    assertThat(cloud.describe(LABEL)).isEqualTo(Sighting.UNKNOWN);
    assertThat(cloud.alive()).hasSize(1);
  }

  private Creation create(String label) {
    return cloud.create(new Provider.Launch(label, FakeProvider.offer("fake", "m-1"), "{}"));
  }

  private List<String> labels() {
    return cloud.list("me").instances().stream().map(Provider.Seen::label).toList();
  }
}
