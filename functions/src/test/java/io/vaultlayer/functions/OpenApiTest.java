package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Makes {@code docs/openapi.json} from real calls to the real handlers and holds the committed page
 * against it. Write it anew with {@code -Dvaultlayer.write=true}; the world is seeded, so the
 * samples are always the same.
 */
class OpenApiTest {
  private static final Path PAGE = Path.of("..", "docs", "openapi.json");
  private static final Path TEMPLATE = Path.of("..", "template.yaml");
  private final Map<String, Map<String, Object>> paths = new TreeMap<>();
  private final World world = new World();

  @Test
  void thePageDescribesEveryRouteWithARealSample() throws IOException {
    walk();
    var made =
        JsonMapper.builder()
                .enable(
                    SerializationFeature.INDENT_OUTPUT,
                    SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                .build()
                .writeValueAsString(page())
            + "\n";
    if (Boolean.getBoolean("vaultlayer.write")) {
      Files.writeString(PAGE, made);
    }
    assertThat(Files.readString(PAGE))
        .as("docs/openapi.json; write it anew with -Dvaultlayer.write=true")
        .isEqualTo(made);
  }

  @Test
  void thePageHasExactlyTheRoutesOfTheTemplate() throws IOException {
    var inTemplate = new TreeSet<String>();
    var text = Files.readString(TEMPLATE).replaceAll("\\s+", " ");
    var route = Pattern.compile("Method: (\\w+), Path: \"?([^\", ]+)\"?,").matcher(text);
    while (route.find()) {
      inTemplate.add(route.group(1) + " " + route.group(2));
    }
    var inPage = new TreeSet<String>();
    Json.tree(Files.readString(PAGE))
        .path("paths")
        .properties()
        .forEach(p ->
            p.getValue()
                .fieldNames()
                .forEachRemaining(
                    m -> inPage.add(m.toUpperCase(java.util.Locale.ROOT) + " " + p.getKey())));
    assertThat(inTemplate).hasSizeGreaterThan(20);
    assertThat(inPage).isEqualTo(inTemplate);
  }

  private Map<String, Object> page() {
    var page = new LinkedHashMap<String, Object>();
    page.put("openapi", "3.1.0");
    page.put("info", Map.of("title", "VaultLayer", "version", "1"));
    page.put("paths", paths);
    var schemes = new TreeMap<String, Object>();
    schemes.put("agent", bearer("the attempt's token; dead at the fence"));
    schemes.put(
        "user",
        bearer("AWS IAM signature on a deployed stack, the local token on the embedded plane"));
    page.put("components", new TreeMap<>(Map.of("securitySchemes", schemes)));
    return new TreeMap<>(page);
  }

  private static Map<String, Object> bearer(String description) {
    return Map.of("type", "http", "scheme", "bearer", "description", description);
  }

  // ---- real calls, each recorded

  private void walk() {
    var archive = "archive".getBytes(StandardCharsets.UTF_8);
    var request = new LinkedHashMap<String, Object>();
    request.put("command", List.of("python3", "train.py"));
    request.put("name", "digits");
    request.put("environment", Map.of("EPOCHS", "3"));
    request.put(
        "workdir",
        new TreeMap<>(Map.of("sha256", TokenHash.ofBytes(archive), "bytes", archive.length)));
    var made =
        user(
            "submits a job; answers where to PUT its work directory; header Idempotency-Key: one key, one job",
            "POST /v1/jobs",
            Map.of(),
            Map.of(),
            request);
    var job = made.path("job").path("id").asText();
    world.bucket.use("PUT", java.net.URI.create(made.path("upload").path("url").asText()), archive);
    var id = Map.of("id", job);
    user(
        "makes the job due, once its work directory is there",
        "POST /v1/jobs/{id}/start",
        id,
        Map.of(),
        Map.of());
    world.deliver();
    attempt(job);
    look(job, id);
    user(
        "ends the job; its last checkpoint is kept",
        "POST /v1/jobs/{id}/cancel",
        id,
        Map.of(),
        Map.of());
    user(
        "continues an ended job in a new epoch; carries the epoch that the caller saw",
        "POST /v1/jobs/{id}/resume",
        id,
        Map.of(),
        Map.of("epoch", world.lease(job).epoch()));
    world.deliver();
    user(
        "loses the current instance now, without warning",
        "POST /v1/jobs/{id}/simulate-instance-death",
        id,
        Map.of(),
        Map.of());
    theEpochAfterTheDeath(job);
    last(job, id);
  }

  /** How many seconds the watchdog takes to see the death must not show in the page. */
  private void theEpochAfterTheDeath(String job) {
    var dead = FakeAgent.ofLastLaunch(world).epoch;
    for (var waited = 0; waited < 12 && FakeAgent.ofLastLaunch(world).epoch == dead; waited++) {
      world.pass(Duration.ofSeconds(10));
    }
    assertThat(FakeAgent.ofLastLaunch(world).epoch).as("epoch of " + job).isGreaterThan(dead);
  }

  private void attempt(String job) {
    var agent = FakeAgent.ofLastLaunch(world);
    var register = new LinkedHashMap<String, Object>();
    register.put("launch", 1);
    register.put("bootstrapToken", agent.bootstrap.bootstrapToken());
    register.put("instanceId", "i-1");
    register.put("machineId", "m-1");
    register.put("agentVersion", "0.1.0");
    agent(
        "binds this launch to the epoch; the answer carries everything that one start of the program needs",
        "register",
        job,
        1,
        agent.token,
        register);
    agent(
        "extends the lease; says when to beat next",
        "heartbeat",
        job,
        1,
        agent.token,
        new TreeMap<>(
            Map.of(
                "beat",
                1,
                "phase",
                "running",
                "step",
                20,
                "firstStep",
                1,
                "loss",
                0.5,
                "gpus",
                "FAw7sAn")));
    agent("renews the bucket credentials", "credentials", job, 1, agent.token, Map.of());
    agent(
        "moves the pointer to a verified checkpoint",
        "commit",
        job,
        1,
        agent.token,
        new TreeMap<>(world.checkpoint(job, 1, 10, "ten")));
    world.agent(job, 1, "commit", agent.token, world.checkpoint(job, 1, 20, "twenty"));
    agent(
        "tells of a checkpoint that was not committed, and why",
        "hold",
        job,
        1,
        agent.token,
        new TreeMap<>(Map.of("step", 21, "reason", "loss is not finite")));
    world.bucket.put(
        BucketLayout.log(job, 1, 1), "step 20 loss 0.5\n".getBytes(StandardCharsets.UTF_8));
    var next =
        agent(
            "the program was lost, the host is sound: opens the next epoch here",
            "next",
            job,
            1,
            agent.token,
            new TreeMap<>(
                Map.of(
                    "nextTokenSha256",
                    TokenHash.of("vla_next").hex(),
                    "outcome",
                    "lost",
                    "detail",
                    "killed by SIGKILL",
                    "lastStep",
                    20)));
    world.bucket.put(BucketLayout.checkpoint(job, 1, 20) + "weights.bin", new byte[] {1});
    agent(
        "names a damaged pointer; the commit before it takes its place",
        "condemn",
        job,
        2,
        "vla_next",
        new TreeMap<>(
            Map.of(
                "step",
                20,
                "manifestKey",
                next.path("assignment").path("checkpoint").path("manifestKey").asText(),
                "problem",
                "weights.bin is short")));
    world.agent(job, 2, "heartbeat", "vla_next", Map.of("beat", 1, "phase", "running"));
    agent(
        "a reclaim notice came; the attempt drains",
        "reclaim",
        job,
        2,
        "vla_next",
        Map.of("noticeSeconds", 30));
  }

  private void look(String job, Map<String, String> id) {
    user("lists jobs, newest first", "GET /v1/jobs", Map.of(), Map.of("limit", "10"), null);
    user("shows one job", "GET /v1/jobs/{id}", id, Map.of(), null);
    user(
        "reads the output of every attempt",
        "GET /v1/jobs/{id}/logs",
        id,
        Map.of("limit", "10"),
        null);
    user("lists checkpoints", "GET /v1/jobs/{id}/checkpoints", id, Map.of(), null);
    user(
        "lists the files of one checkpoint (a step, or latest) with URLs to fetch them",
        "GET /v1/jobs/{id}/checkpoints/{step}/files",
        Map.of("id", job, "step", "10"),
        Map.of(),
        null);
    user(
        "the decisions in order, with their reasons",
        "GET /v1/jobs/{id}/explain",
        id,
        Map.of("limit", "3"),
        null);
    user(
        "runs the invariant checkers over stored state",
        "GET /v1/check",
        Map.of(),
        Map.of("job", job),
        null);
    user("offers that can be rented now", "GET /v1/gpus", Map.of(), Map.of("gpu", "cpu"), null);
    user(
        "where a run would be placed now",
        "POST /v1/estimate",
        Map.of(),
        Map.of(),
        Map.of("gpu", List.of(new TreeMap<>(Map.of("gpu", "cpu", "count", 1)))));
    user("the provider registry", "GET /v1/providers", Map.of(), Map.of(), null);
  }

  private void last(String job, Map<String, String> id) {
    var agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    agent.beat("running", 11L);
    var key = BucketLayout.outputsManifest(job, agent.epoch);
    var file =
        new Manifest.File(
            "weights.bin",
            BucketLayout.outputs(job, agent.epoch) + "weights.bin",
            3,
            TokenHash.ofBytes(new byte[] {1, 2, 3}),
            "55bc801d");
    var manifest =
        Json.render(
                new Manifest(
                    job,
                    agent.epoch,
                    null,
                    "2026-11-20T10:00:00Z",
                    "outputs",
                    List.of(file),
                    Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    world.bucket.put(key, manifest);
    agent(
        "reports the attempt's end",
        "exit",
        job,
        agent.epoch,
        agent.token,
        new TreeMap<>(
            Map.of(
                "outcome",
                "succeeded",
                "exitCode",
                0,
                "lastStep",
                100,
                "outputsManifestKey",
                key,
                "outputsManifestSha256",
                TokenHash.ofBytes(manifest))));
    user(
        "lists the files that the script left in VL_OUTPUT_DIR with URLs to fetch them",
        "GET /v1/jobs/{id}/outputs",
        id,
        Map.of(),
        null);
  }

  private JsonNode user(
      String summary,
      String route,
      Map<String, String> path,
      Map<String, String> query,
      Object body) {
    var reply =
        world.call(route, path, query, Map.of("idempotency-key", "k"), body == null ? "" : body);
    return record("user", summary, route, query, body, reply);
  }

  private JsonNode agent(
      String summary, String verb, String job, int epoch, String token, Map<String, Object> body) {
    return record(
        "agent",
        summary,
        "POST /v1/attempts/{job}/{epoch}/" + verb,
        Map.of(),
        body,
        world.agent(job, epoch, verb, token, body));
  }

  private JsonNode record(
      String scheme,
      String summary,
      String route,
      Map<String, String> query,
      Object body,
      World.Reply reply) {
    assertThat(reply.status()).as(route + " " + reply.body()).isLessThan(300);
    var words = route.split(" ");
    var operation = new LinkedHashMap<String, Object>();
    operation.put("summary", summary);
    operation.put("security", List.of(Map.of(scheme, List.of())));
    var parameters = new ArrayList<Map<String, Object>>();
    var inPath = Pattern.compile("\\{(\\w+)}").matcher(words[1]);
    while (inPath.find()) {
      parameters.add(parameter(inPath.group(1), "path"));
    }
    query.keySet().stream().sorted().forEach(q -> parameters.add(parameter(q, "query")));
    operation.put("parameters", parameters);
    if (body != null) {
      operation.put("requestBody", content(body));
    }
    var answer = Json.tree(reply.body());
    var response = new LinkedHashMap<String, Object>();
    response.put("description", "done");
    response.putAll(content(answer));
    operation.put(
        "responses",
        new TreeMap<>(
            Map.of(
                Integer.toString(reply.status()),
                response,
                "default",
                Map.of("description", "the error document: code, message, detail"))));
    paths
        .computeIfAbsent(words[1], p -> new TreeMap<>())
        .put(words[0].toLowerCase(java.util.Locale.ROOT), operation);
    return answer;
  }

  private static Map<String, Object> parameter(String name, String in) {
    var parameter = new LinkedHashMap<String, Object>();
    parameter.put("name", name);
    parameter.put("in", in);
    parameter.put("required", in.equals("path"));
    parameter.put("schema", Map.of("type", "string"));
    return parameter;
  }

  private static Map<String, Object> content(Object example) {
    return Map.of("content", Map.of("application/json", Map.of("example", example)));
  }
}
