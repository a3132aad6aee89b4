package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.SubmitResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One key is one job, also when a client's second try overtakes the first. */
class SubmitOnceTest {
  private static final Map<String, Object> REQUEST =
      Map.of(
          "command",
          List.of("python3", "train.py"),
          "workdir",
          Map.of("sha256", TokenHash.of("archive").hex(), "bytes", 7));

  private final World world = new World();

  private String submit() {
    var reply = world.call("POST /v1/jobs", Map.of(), Map.of("idempotency-key", "one"), REQUEST);
    assertThat(reply.status()).isEqualTo(201);
    return reply.as(SubmitResponse.class).job().id();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aTryThatIsAnsweredInTheMiddleOfAnotherGetsTheSameJob(int look) {
    var looks = new AtomicInteger();
    var rival = new AtomicReference<String>();
    world.beforeClock =
        () -> {
          if (looks.incrementAndGet() == look) {
            rival.set(submit());
          }
        };
    var first = submit();
    world.beforeClock = () -> {};
    assertThat(rival.get()).as("was there another try?").isNotNull().isEqualTo(first);
    assertThat(submit()).isEqualTo(first);
    var jobs = world.call("GET /v1/jobs", Map.of(), Map.of(), "").as(Lists.Jobs.class).jobs();
    assertThat(jobs).hasSize(1);
  }
}
