package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.Lists;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The list of a job whose checkpoints do not fit into one answer. */
class CheckpointListTest {
  private static final int COMMITS = 1030;

  private final World world = new World();
  private final String job = world.submit(Map.of("keepLast", 10_000));

  private Lists.Checkpoints page(Map<String, String> query) {
    return world
        .call("GET /v1/jobs/{id}/checkpoints", Map.of("id", job), query, Map.of(), "")
        .as(Lists.Checkpoints.class);
  }

  @Test
  void aLongHistoryIsListedToItsEndInPages() {
    var agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    agent.beat("running", null);
    for (long step = 1; step <= COMMITS; step++) {
      assertThat(agent.commit(step).status()).isEqualTo(200);
    }
    var steps = new ArrayList<Long>();
    var first = page(Map.of());
    first.checkpoints().forEach(c -> steps.add(c.step()));
    assertThat(first.next()).isNotNull();
    var second = page(Map.of("after", first.next()));
    second.checkpoints().forEach(c -> steps.add(c.step()));
    assertThat(second.next()).isNull();
    assertThat(steps).hasSize(COMMITS).isSorted().doesNotHaveDuplicates();
    var newest =
        world.call(
            "GET /v1/jobs/{id}/checkpoints/{step}/files",
            Map.of("id", job, "step", Integer.toString(COMMITS - 5)),
            Map.of(),
            "");
    assertThat(newest.status()).isEqualTo(200);
    var wrong =
        world.call(
            "GET /v1/jobs/{id}/checkpoints", Map.of("id", job), Map.of("after", "x"), Map.of(), "");
    assertThat(wrong.status()).isEqualTo(400);
    assertThat(wrong.code()).isEqualTo("malformed");
  }
}
