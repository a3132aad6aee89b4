package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.SubmitResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What nobody should send is the caller's fault, and told as such. */
class MalformedRequestsTest {
  private static final List<Object> NULLS = new ArrayList<>(Collections.singletonList(null));

  private final World world = new World();

  private static Map<String, Object> request(String name, Object value) {
    var request = new HashMap<String, Object>();
    request.put("command", List.of("true"));
    request.put("workdir", Map.of("sha256", TokenHash.of("archive").hex(), "bytes", 7));
    request.put(name, value);
    return request;
  }

  static Stream<Arguments> submissions() {
    return Stream.of(
        Arguments.of(400, "command", NULLS),
        Arguments.of(400, "command", List.of("a\0b")),
        Arguments.of(413, "command", List.of("ü".repeat(70_000))),
        Arguments.of(413, "command", Collections.nCopies(5000, "a")),
        Arguments.of(400, "gpu", NULLS),
        Arguments.of(400, "gpu", List.of(Map.of("count", 1))),
        Arguments.of(400, "providers", NULLS),
        Arguments.of(400, "providers", Collections.nCopies(33, "local")),
        Arguments.of(400, "budgetUsd", "Infinity"),
        Arguments.of(400, "budgetUsd", "NaN"),
        Arguments.of(400, "maxPriceUsdPerHour", "Infinity"),
        Arguments.of(400, "checkpointEvery", "sometimes"),
        Arguments.of(400, "checkpointDir", "a\0b"),
        Arguments.of(413, "setup", "x".repeat(70_000)),
        Arguments.of(413, "environment", Map.of("A", "x".repeat(300_000))),
        Arguments.of(413, "workdir", Map.of("sha256", TokenHash.of("a").hex(), "bytes", 1L << 50)));
  }

  @ParameterizedTest
  @MethodSource("submissions")
  void aSubmissionThatCannotBeStoredIsRefusedAsTheCallersFault(
      int status, String name, Object value) {
    var reply = world.call("POST /v1/jobs", Map.of(), Map.of(), request(name, value));
    assertThat(reply.status()).as(reply.body()).isEqualTo(status);
    assertThat(reply.body()).containsPattern("submitting: .+; .+");
  }

  @Test
  void theLargestSubmissionThatIsTakenIsStored() {
    var request = request("environment", Map.of("A", "x".repeat(250_000)));
    request.put("command", List.of("x".repeat(120_000)));
    request.put("setup", "x".repeat(60_000));
    request.put("checkpointDir", "x".repeat(4000));
    assertThat(world.call("POST /v1/jobs", Map.of(), Map.of(), request).status()).isEqualTo(201);
  }

  @Test
  void anEstimateOfNothingIsRefused() {
    for (var wrong :
        List.<Map<String, Object>>of(Map.of("gpu", NULLS), Map.of("providers", NULLS))) {
      assertThat(world.call("POST /v1/estimate", Map.of(), Map.of(), wrong).status())
          .isEqualTo(400);
    }
  }

  @Test
  void theOrderOfVariablesMakesNoOtherRequest() {
    var one = new LinkedHashMap<String, String>();
    one.put("A", "1");
    one.put("B", "2");
    var other = new LinkedHashMap<String, String>();
    other.put("B", "2");
    other.put("A", "1");
    var key = Map.of("idempotency-key", "k");
    var first = world.call("POST /v1/jobs", Map.of(), key, request("environment", one));
    var again = world.call("POST /v1/jobs", Map.of(), key, request("environment", other));
    assertThat(again.as(SubmitResponse.class).job().id())
        .isEqualTo(first.as(SubmitResponse.class).job().id());
    other.put("A", "2");
    assertThat(world.call("POST /v1/jobs", Map.of(), key, request("environment", other)).status())
        .isEqualTo(409);
  }

  @Test
  void theShellThatARequestIsRepeatedFromMakesNoOtherRequest() {
    var key = Map.of("idempotency-key", "k");
    var ids =
        Stream.of("/usr/bin", "/opt/conda/bin:/usr/bin")
            .map(path -> request("hostEnvironment", Map.of("PATH", path)))
            .map(request -> world.call("POST /v1/jobs", Map.of(), key, request))
            .map(reply -> reply.as(SubmitResponse.class).job().id())
            .toList();
    assertThat(ids.getLast()).isEqualTo(ids.getFirst());
  }

  @Test
  void aCursorThatIsNoneIsToldSo() {
    var job = world.submit(Map.of());
    var reply =
        world.call(
            "GET /v1/jobs/{id}/explain",
            Map.of("id", job),
            Map.of("after", "2026-01-01T00:00:00Z~queued~zzz"),
            Map.of(),
            "");
    assertThat(reply.status()).as(reply.body()).isEqualTo(400);
  }

  @Test
  void aBeatWithAWarningThatIsNoneIsABeat() {
    var job = world.submit(Map.of());
    var agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    var warnings = new ArrayList<>(NULLS);
    warnings.add("hot");
    var reply =
        world.agent(
            job,
            1,
            "heartbeat",
            agent.token,
            Map.of("beat", 5, "phase", "running", "warnings", warnings));
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    assertThat(world.status(job).warnings()).containsExactly("hot");
  }
}
