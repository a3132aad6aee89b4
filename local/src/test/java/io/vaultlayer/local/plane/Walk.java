package io.vaultlayer.local.plane;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.local.home.Claimed;
import io.vaultlayer.local.home.Home;
import io.vaultlayer.local.log.PlaneLog;
import io.vaultlayer.local.template.Template;
import io.vaultlayer.testkit.fake.FakeProvider;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A job's whole life on the real template, as named checks: submit, place, train, save, look, lose,
 * resume, condemn, restart, drain, succeed, cancel, kill, reap. Each check that fails ends the walk
 * with its name.
 */
final class Walk implements AutoCloseable {
  /** A check did not hold. */
  static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Failed(String check, String why) {
      super(check + ": " + why);
    }
  }

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(15);
  private static final String ORPHAN = "vl-default-job_00000000000000000000000000-e1-1";
  private final HttpClient http = HttpClient.newHttpClient();
  private final PrintStream terminal = System.out;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final FakeProvider provider;
  private final Plane plane;
  private final Home home;
  private final int sqsPort;
  private String check = "start";
  private String job;
  private int epoch;
  private String token;
  private long beat;
  private JsonNode credentials;

  Walk(Path directory, Path template, UnaryOperator<Template> change) {
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    var clock = InstantSource.system();
    var facts =
        new Provider.Facts(
            "fake",
            "validated",
            "a fake",
            2,
            8,
            Duration.ofSeconds(60),
            Duration.ZERO,
            Optional.of("test"));
    provider = new FakeProvider(facts, List.of(FakeProvider.offer("fake", "m-1")), clock);
    provider.create(new Provider.Launch(ORPHAN, FakeProvider.offer("fake", "m-1"), "{}"));
    home = new Home(directory.resolve("home"));
    var claimed = Claimed.take(home, Map.of(), TestPlane.entropy()).orElseThrow();
    sqsPort = claimed.ports().sqs();
    var plan =
        new Plane.Plan(
            template,
            Map.of("TickSeconds", "1", "ParkSeconds", "600"),
            c -> List.<Provider>of(provider),
            "test",
            clock,
            TestPlane.entropy());
    try {
      plane = Plane.start(claimed, plan, new PlaneLog(home.log(), clock), change);
    } catch (RuntimeException e) {
      System.setOut(terminal);
      throw e;
    }
  }

  void run() {
    check = "the minute schedule ticks when the plane starts";
    until("the watchdog swept", () -> !stored("Jobs", "watchdog").isEmpty());
    check = "the inventory schedule finds an orphan";
    until("it is terminated", () -> !provider.alive().contains(ORPHAN));
    firstAttempt();
    look();
    secondAttempt();
    inPlaceAndDrain();
    lastAttempt();
    people();
    refusals();
    check = "no message and no answer failed on the way";
    check(
        check,
        !printed
            .toString(StandardCharsets.UTF_8)
            .matches("(?s).*\"note\":\"(message failed|broken)\".*"),
        "see the log above");
  }

  // ---- the walk

  private void firstAttempt() {
    job = submit(Map.of("keepLast", 2, "keepEvery", 0));
    check = "the event places the job";
    until("a launch", () -> !launches().isEmpty());
    register("register");
    call("credentials", 200, agent("credentials"), "{}", token);
    check = "log of an attempt";
    put(BucketLayout.log(job, epoch, 1), "step 1\n".getBytes(StandardCharsets.UTF_8));
    commit(10);
    commit(20);
    call(
        "hold",
        200,
        agent("hold"),
        Json.render(Map.of("step", 21, "reason", "loss is not finite")),
        token);
  }

  private void look() {
    var mine = "/v1/jobs/" + job;
    check("list jobs", get("list jobs", "/v1/jobs").path("jobs").size() >= 1, "empty");
    check("status", get("status", mine).path("state").asText().equals("running"), "not running");
    check("logs", get("logs", mine + "/logs").path("logs").size() == 1, "no piece");
    check(
        "checkpoints",
        get("checkpoints", mine + "/checkpoints").path("checkpoints").size() == 3,
        "not three");
    var files = get("checkpoint files", mine + "/checkpoints/20/files").path("files");
    check(
        "checkpoint files",
        files.size() == 1 && fetch(files.get(0).path("url").asText()) == 200,
        "cannot be fetched");
    check("explain", get("explain", mine + "/explain").path("decisions").size() > 3, "too few");
    check("check", get("check", "/v1/check?job=" + job).path("broken").isEmpty(), "broken");
    get("check all", "/v1/check");
    check("gpus", get("gpus", "/v1/gpus").path("offers").size() == 1, "no offer");
    check("providers", get("providers", "/v1/providers").path("providers").size() > 0, "none");
    check(
        "estimate",
        call("estimate", 200, "/v1/estimate", "{}", plane.token()).path("offer").isObject(),
        "no offer");
  }

  private void secondAttempt() {
    check = "the watchdog sees the loss and the resume event places the job";
    provider.vanish(lastBootstrap().path("label").asText());
    until("a second launch", () -> launches().size() == 2);
    check = "the reaper confirms the lost instance gone";
    until("gone", () -> state(launches().getFirst().label()).equals("GONE"));
    truncate(BucketLayout.checkpoint(job, 1, 20) + "w.bin");
    registerOnly("register again");
    var pointer = status().path("checkpoint");
    check("pointer", pointer.path("step").asLong() == 20, "not 20");
    var condemned =
        call(
            "condemn",
            200,
            agent("condemn"),
            Json.render(
                Map.of(
                    "step",
                    20,
                    "manifestKey",
                    BucketLayout.checkpointManifest(job, 1, 20),
                    "problem",
                    "short")),
            token);
    check("condemn", condemned.path("checkpoint").path("step").asLong() == 10, "not 10");
    running();
    commit(30);
    commit(40);
    retention();
  }

  /** Keeps two: of the first epoch's checkpoints, one condemned by now, nothing is left. */
  private void retention() {
    check = "the reaper deletes what is not kept";
    var message = URLEncoder.encode(Json.render(Map.of("retain", job)), StandardCharsets.UTF_8);
    var sent =
        send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + sqsPort + "/000000000000/ReapQueue"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(
                    BodyPublishers.ofString(
                        "Action=SendMessage&Version=2012-11-05&MessageBody=" + message)));
    check("asking for a look at the checkpoints", sent.status() == 200, sent.body());
    check = "the reaper deletes what is not kept";
    try (var s3 = s3()) {
      until(
          "the first epoch's objects are gone",
          () ->
              s3.listObjectsV2(r ->
                      r.bucket(credentials.path("bucket").asText())
                          .prefix(BucketLayout.checkpoints(job, 1)))
                      .keyCount()
                  == 0);
    }
    call("a pruned checkpoint", 422, "GET", "/v1/jobs/" + job + "/checkpoints/10/files");
  }

  private void call(String name, int wanted, String method, String path) {
    var reply = send(method, path, "", plane.token());
    check(name, reply.status() == wanted, reply.status() + " " + reply.body());
  }

  private void inPlaceAndDrain() {
    var next =
        call(
            "next",
            200,
            agent("next"),
            Json.render(
                Map.of(
                    "nextTokenSha256",
                    TokenHash.of("vla_next").hex(),
                    "outcome",
                    "lost",
                    "detail",
                    "SIGKILL")),
            token);
    check("next", next.path("assignment").path("epoch").asInt() == 3, "no third epoch");
    epoch = 3;
    token = "vla_next";
    beat = 0;
    credentials = next.path("assignment").path("credentials");
    running();
    call("reclaim", 200, agent("reclaim"), "{\"noticeSeconds\":1}", token);
    check = "the watchdog ends a drain";
    until("a third launch", () -> launches().size() == 3);
    check = "the reaper terminates what nobody owns";
    until("one alive", () -> provider.alive().size() == 1);
  }

  private void lastAttempt() {
    register("register the last");
    check = "outputs";
    var key = BucketLayout.outputsManifest(job, epoch);
    var manifest =
        Json.render(new Manifest(job, epoch, null, "now", "outputs", List.of(), Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    call(
        "exit before the outputs are stored",
        422,
        agent("exit"),
        Json.render(
            Map.of(
                "outcome",
                "succeeded",
                "outputsManifestKey",
                key,
                "outputsManifestSha256",
                TokenHash.ofBytes(manifest))),
        token);
    put(key, manifest);
    call(
        "exit",
        200,
        agent("exit"),
        Json.render(
            Map.of(
                "outcome",
                "succeeded",
                "exitCode",
                0,
                "outputsManifestKey",
                key,
                "outputsManifestSha256",
                TokenHash.ofBytes(manifest))),
        token);
    check("succeeded", status().path("state").asText().equals("succeeded"), status().toString());
    get("outputs", "/v1/jobs/" + job + "/outputs");
    call(
        "a commit after the end",
        409,
        agent("commit"),
        Json.render(
            Map.of(
                "step",
                99,
                "manifestKey",
                BucketLayout.checkpointManifest(job, epoch, 99),
                "manifestSha256",
                TokenHash.of("late").hex(),
                "bytes",
                1,
                "files",
                1)),
        token);
    call("a start after the end", 200, "/v1/jobs/" + job + "/start", "{}", plane.token());
    check = "the reaper ends the last instance";
    until("none alive", () -> provider.alive().isEmpty());
  }

  private void people() {
    var first = job;
    job = submit();
    check = "the second job is placed";
    until("a launch", () -> provider.alive().size() == 1);
    register("register the second job");
    call("cancel", 200, "/v1/jobs/" + job + "/cancel", "{}", plane.token());
    check = "the cancelled job's instance is ended at once";
    until("none alive", () -> provider.alive().isEmpty());
    call("resume", 200, "/v1/jobs/" + job + "/resume", "{\"epoch\":1}", plane.token());
    check = "the resumed job is placed";
    until("a launch", () -> provider.alive().size() == 1);
    register("register the resumed job");
    call("kill", 200, "/v1/jobs/" + job + "/simulate-instance-death", "{}", plane.token());
    check = "the killed instance is replaced";
    until("another launch", () -> launches().size() == 6);
    check = "the watchdog ends a job that may not fail over, and takes its lease away";
    job = submit(Map.of("failover", false));
    until("its launch", () -> launches().size() == 7);
    provider.vanish(lastBootstrap().path("label").asText());
    until("failed", () -> status().path("state").asText().equals("failed"));
    until("among the ended", () -> !stored("Ended", job).isEmpty());
    check(
        "agents need the owner's token",
        send("POST", "/v1/jobs/" + first + "/cancel", "{}", "vla_wrong").status() == 401,
        "taken");
  }

  private void refusals() {
    check = "a refused create is closed";
    provider.nextCreate(new FakeProvider.NextCreate.Refuse(Provider.Refusal.NO_CAPACITY));
    job = submit();
    until("waiting", () -> status().path("state").asText().equals("waiting"));
    check = "a budget that does not cover a launch stops the job";
    provider.offers(new Offer("fake", "here", GpuClass.CPU, 1, 0, "spot", 5.0, "m-1", true));
    job = submit(Map.of("budgetUsd", 0.001));
    until("stopped", () -> status().path("state").asText().equals("stopped"));
    pause();
  }

  // ---- steps

  private String submit() {
    return submit(Map.of());
  }

  private String submit(Map<String, Object> more) {
    var archive = "archive".getBytes(StandardCharsets.UTF_8);
    var request =
        new HashMap<String, Object>(
            Map.of(
                "command",
                List.of("true"),
                "workdir",
                Map.of("sha256", TokenHash.ofBytes(archive), "bytes", archive.length),
                "budgetUsd",
                1000.0,
                "environment",
                Map.of("A", "b")));
    request.putAll(more);
    var reply = call("submit", 201, "/v1/jobs", Json.render(request), plane.token());
    var early = "/v1/jobs/" + reply.path("job").path("id").asText() + "/start";
    call("start before the upload", 422, early, "{}", plane.token());
    check = "upload of the work directory";
    var upload =
        send(
            HttpRequest.newBuilder(URI.create(reply.path("upload").path("url").asText()))
                .PUT(BodyPublishers.ofByteArray(archive)));
    check("upload", upload.status() < 300, upload.body());
    var id = reply.path("job").path("id").asText();
    call("start", 200, "/v1/jobs/" + id + "/start", "{}", plane.token());
    return id;
  }

  private List<Provider.Launch> launches() {
    return provider.launches().stream().filter(l -> !l.label().equals(ORPHAN)).toList();
  }

  private JsonNode lastBootstrap() {
    return Json.tree(launches().getLast().bootstrap());
  }

  private void register(String name) {
    registerOnly(name);
    running();
  }

  private void registerOnly(String name) {
    var bootstrap = lastBootstrap();
    check(
        "endpoint in the bootstrap",
        bootstrap.path("endpoint").asText().equals(plane.status().endpoint()),
        bootstrap.path("endpoint").asText());
    check(
        "owner in the label",
        bootstrap.path("label").asText().startsWith("vl-default-"),
        bootstrap.path("label").asText());
    epoch = bootstrap.path("epoch").asInt();
    token = "vla_" + bootstrap.path("label").asText();
    beat = 0;
    var body = new HashMap<String, Object>();
    body.put("launch", bootstrap.path("launch").asInt());
    body.put("bootstrapToken", bootstrap.path("bootstrapToken").asText());
    body.put("instanceId", "i");
    var assignment = call(name, 200, agent("register"), Json.render(body), token);
    check("park time", assignment.path("parkSeconds").asInt() == 600, "another");
    check("variables", assignment.path("environment").path("A").asText().equals("b"), "missing");
    credentials = assignment.path("credentials");
  }

  private void running() {
    call(
        "heartbeat",
        200,
        agent("heartbeat"),
        Json.render(Map.of("beat", ++beat, "phase", "running")),
        token);
  }

  private void commit(long step) {
    check = "saving to the bucket";
    var bytes = ("weights of " + step).getBytes(StandardCharsets.UTF_8);
    var key = BucketLayout.checkpoint(job, epoch, step) + "w.bin";
    put(key, bytes);
    writtenOnce(key);
    var file =
        new Manifest.File(
            "checkpoint-" + step + "/w.bin",
            key,
            bytes.length,
            TokenHash.ofBytes(bytes),
            "00000000");
    var manifest =
        Json.render(new Manifest(job, epoch, step, "now", "unknown", List.of(file), Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    var manifestKey = BucketLayout.checkpointManifest(job, epoch, step);
    put(manifestKey, manifest);
    call(
        "commit",
        200,
        agent("commit"),
        Json.render(
            Map.of(
                "step",
                step,
                "manifestKey",
                manifestKey,
                "manifestSha256",
                TokenHash.ofBytes(manifest),
                "bytes",
                bytes.length,
                "files",
                1)),
        token);
    try (var s3 = s3()) {
      var read =
          s3.getObjectAsBytes(r -> r.bucket(credentials.path("bucket").asText()).key(key))
              .asByteArray();
      check("reading back", read.length == bytes.length, "another length");
      var listed =
          s3.listObjectsV2(r ->
              r.bucket(credentials.path("bucket").asText())
                  .prefix(BucketLayout.checkpoint(job, epoch, step)));
      check("listing", listed.keyCount() == 2, "not two");
    } catch (software.amazon.awssdk.core.exception.SdkException e) {
      throw new Failed(check, String.valueOf(e.getMessage()));
    }
  }

  private void put(String key, byte[] body) {
    try (var s3 = s3()) {
      s3.putObject(
          r -> r.bucket(credentials.path("bucket").asText()).key(key).ifNoneMatch("*"),
          RequestBody.fromBytes(body));
    } catch (software.amazon.awssdk.core.exception.SdkException e) {
      throw new Failed(check, String.valueOf(e.getMessage()));
    }
  }

  private void writtenOnce(String key) {
    try (var s3 = s3()) {
      s3.putObject(
          r -> r.bucket(credentials.path("bucket").asText()).key(key),
          RequestBody.fromString("other weights"));
      throw new Failed("checkpoints are written once", "a second write was accepted");
    } catch (software.amazon.awssdk.services.s3.model.S3Exception e) {
      check("checkpoints are written once", e.statusCode() == 412, "not 412");
    }
  }

  private S3Client s3() {
    var identity =
        AwsSessionCredentials.create(
            credentials.path("accessKeyId").asText("none"),
            credentials.path("secretAccessKey").asText("none"),
            credentials.path("sessionToken").asText("none"));
    return S3Client.builder()
        .endpointOverride(URI.create(credentials.path("endpoint").asText("http://127.0.0.1:1")))
        .region(Region.of(credentials.path("region").asText("us-east-1")))
        .forcePathStyle(true)
        .overrideConfiguration(c -> c.retryStrategy(b -> b.maxAttempts(1)))
        .credentialsProvider(StaticCredentialsProvider.create(identity))
        .build();
  }

  /** Damage that nothing of ours did: the stored file loses its last byte. */
  private void truncate(String key) {
    check = "damaging a stored file";
    try (var all = Files.walk(home.bucket())) {
      var file =
          all.filter(p -> p.toString().endsWith(key))
              .findFirst()
              .orElseThrow(() -> new Failed(check, "no file " + key));
      var bytes = Files.readAllBytes(file);
      Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 1));
    } catch (IOException e) {
      throw new Failed(check, e.toString());
    }
  }

  // ---- calls

  private record Reply(int status, String body) {}

  private String agent(String verb) {
    return "/v1/attempts/" + job + "/" + epoch + "/" + verb;
  }

  private JsonNode status() {
    return get("status", "/v1/jobs/" + job);
  }

  private JsonNode get(String name, String path) {
    check = name;
    var reply = send("GET", path, null, plane.token());
    check(name, reply.status() == 200, reply.status() + " " + reply.body());
    return Json.tree(reply.body());
  }

  private JsonNode call(String name, int wanted, String path, String body, String bearer) {
    check = name;
    var reply = send("POST", path, body, bearer);
    check(name, reply.status() == wanted, reply.status() + " " + reply.body());
    return Json.tree(reply.body());
  }

  private int fetch(String url) {
    return send(HttpRequest.newBuilder(URI.create(url)).GET()).status();
  }

  private Reply send(String method, String path, String body, String bearer) {
    var request =
        HttpRequest.newBuilder(URI.create(plane.status().endpoint() + path))
            .header("Authorization", "Bearer " + bearer)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    return send(request);
  }

  private Reply send(HttpRequest.Builder request) {
    try {
      var answer =
          http.send(request.timeout(Duration.ofSeconds(20)).build(), BodyHandlers.ofString());
      return new Reply(answer.statusCode(), answer.body());
    } catch (IOException e) {
      throw new Failed(check, e.toString());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void until(String what, java.util.function.BooleanSupplier holds) {
    long end = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new Failed(check, "waited " + LONGEST_WAIT.toSeconds() + " s for: " + what);
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void check(String name, boolean holds, String why) {
    check = name;
    if (!holds) {
      throw new Failed(name, why);
    }
  }

  private String state(String label) {
    var row = stored("Instances", label);
    return row.isEmpty() ? "" : Json.tree(row).path("state").asText();
  }

  /** A row's attributes, read from the file beside the running plane; empty when there is none. */
  private String stored(String table, String partition) {
    var url = "jdbc:sqlite:file:" + home.store() + "?mode=ro";
    try (var connection = DriverManager.getConnection(url);
        var select =
            connection.prepareStatement("SELECT json FROM \"t_" + table + "\" WHERE pk = ?")) {
      select.setString(1, partition);
      var rows = select.executeQuery();
      return rows.next() ? rows.getString(1) : "";
    } catch (SQLException e) {
      return "";
    }
  }

  @Override
  public void close() {
    http.close();
    plane.close();
    System.setOut(terminal);
    System.out.print(printed.toString(StandardCharsets.UTF_8));
  }
}
