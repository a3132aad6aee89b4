package io.vaultlayer.agent;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vaultlayer.agent.s3.Hex;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.ErrorDocument;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;

/**
 * The agents' side of a control plane, for one job: it knows the epoch, the hash of the one token
 * that is good and the pointer, and keeps what it was told. It can be down, and it can fence.
 */
final class FakePlane implements AutoCloseable {
  static final String BOOTSTRAP = "vlb_bootstrap-of-this-test";

  /** A call that was taken. {@code body} is the record of the call. */
  record Call(String name, int epoch, Object body, long nanos) {}

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final String job;
  private final IntFunction<AttemptApi.Assignment> assignments;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final List<String> refusals = new CopyOnWriteArrayList<>();
  private int epoch = 1;
  private long beat;
  private String tokenSha256;
  private boolean down;
  private boolean lastAttempt;
  private int notYet;
  private int lostAnswers;
  private String lostCall = "";
  private String hungCall = "";
  private boolean hanging;
  private String command;
  private Optional<AttemptApi.Pointer> pointer = Optional.empty();
  private Optional<AttemptApi.Pointer> earlier = Optional.empty();

  /**
   * @param assignments what to hand out for an epoch, without its pointer
   */
  FakePlane(String job, IntFunction<AttemptApi.Assignment> assignments) throws IOException {
    this.job = job;
    this.assignments = assignments;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  AttemptApi.Bootstrap bootstrap(String label) {
    return new AttemptApi.Bootstrap(
        "http://127.0.0.1:" + server.getAddress().getPort(), job, 1, 1, label, BOOTSTRAP);
  }

  synchronized void fence() {
    epoch++;
    tokenSha256 = null;
  }

  synchronized void down(boolean isDown) {
    down = isDown;
  }

  /** Asks with each ack for a restart in place, until the next epoch begins. */
  synchronized void restart() {
    command = AttemptApi.RESTART;
  }

  synchronized void lastAttempt() {
    lastAttempt = true;
  }

  synchronized void notYet(int times) {
    notYet = times;
  }

  /** So many calls from now on take effect, and their answers are lost. */
  synchronized void loseAnswers(int times) {
    loseAnswersOf("", times);
  }

  /** The same for calls of one name. */
  synchronized void loseAnswersOf(String call, int times) {
    lostAnswers = times;
    lostCall = call;
  }

  /** Calls of this name wait, without effect, until another name is given; none for "". */
  synchronized void hang(String call) {
    hungCall = call;
    notifyAll();
  }

  /** Whether a call waits. */
  synchronized boolean hangs() {
    return hanging;
  }

  synchronized void pointer(AttemptApi.Pointer newest, AttemptApi.Pointer before) {
    pointer = Optional.ofNullable(newest);
    earlier = Optional.ofNullable(before);
  }

  synchronized Optional<AttemptApi.Pointer> pointer() {
    return pointer;
  }

  List<Call> calls() {
    return calls;
  }

  /** Codes of the refusals, in order. */
  List<String> refusals() {
    return refusals;
  }

  <T> List<T> bodies(Class<T> type) {
    return calls.stream().map(Call::body).filter(type::isInstance).map(type::cast).toList();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String[] path = exchange.getRequestURI().getPath().split("/");
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String token = exchange.getRequestHeaders().getFirst("Authorization");
      Object answer =
          hung(path[5]) ? null : answer(path[5], Integer.parseInt(path[4]), token, body);
      if (answer == null) {
        return;
      }
      int status = answer instanceof Refusal refusal ? refusal.status() : 200;
      Object document = answer instanceof Refusal refusal ? refusal.error() : answer;
      byte[] bytes = Json.render(document).getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private synchronized boolean hung(String call) {
    boolean hung = false;
    try {
      while (call.equals(hungCall)) {
        hung = true;
        hanging = true;
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return hung;
  }

  private record Refusal(int status, ErrorDocument error) {}

  private Refusal refuse(int status, String code) {
    refusals.add(code);
    return new Refusal(status, ErrorDocument.of(code, "refused by the test: " + code));
  }

  /** Null: no answer. */
  private synchronized Object answer(String call, int asked, String authorization, String body) {
    if (down) {
      return refuse(503, "down");
    }
    String hash =
        Hex.of(
            Hex.sha256(
                authorization.substring("Bearer ".length()).getBytes(StandardCharsets.UTF_8)));
    Object answer =
        switch (call) {
          case "register" -> register(asked, hash, Json.parse(body, AttemptApi.Register.class));
          case "next" -> next(asked, hash, Json.parse(body, AttemptApi.Next.class));
          default ->
              asked != epoch || tokenSha256 == null
                  ? refuse(409, "fenced")
                  : hash.equals(tokenSha256) ? owned(call, body) : refuse(401, "unauthenticated");
        };
    if (lostAnswers > 0 && call.startsWith(lostCall)) {
      lostAnswers--;
      return null;
    }
    return answer;
  }

  private Object register(int asked, String hash, AttemptApi.Register body) {
    if (notYet > 0) {
      notYet--;
      return refuse(409, "not_yet");
    }
    boolean mine = tokenSha256 == null || tokenSha256.equals(hash);
    if (asked != epoch || !mine) {
      return refuse(409, "fenced");
    }
    if (!body.bootstrapToken().equals(BOOTSTRAP)) {
      return refuse(401, "unauthenticated");
    }
    tokenSha256 = hash;
    note("register", body);
    return assignment();
  }

  private Object next(int asked, String hash, AttemptApi.Next body) {
    if (asked == epoch - 1 && body.nextTokenSha256().equals(tokenSha256)) {
      return new AttemptApi.NextAnswer(assignment(), "starting", null);
    }
    if (asked != epoch || !hash.equals(tokenSha256)) {
      return refuse(409, "fenced");
    }
    note("next", body);
    epoch++;
    beat = 0;
    command = null;
    tokenSha256 = lastAttempt ? null : body.nextTokenSha256();
    return lastAttempt
        ? new AttemptApi.NextAnswer(null, "failed", "no_progress")
        : new AttemptApi.NextAnswer(assignment(), "starting", null);
  }

  private Object owned(String call, String body) {
    return switch (call) {
      case "heartbeat" -> {
        var said = note(call, Json.parse(body, AttemptApi.Heartbeat.class));
        if (said.beat() <= beat) {
          yield refuse(409, "beat_not_newer");
        }
        beat = said.beat();
        var made = assignments.apply(epoch);
        yield new AttemptApi.HeartbeatAck(made.beatSeconds(), made.leaseSeconds(), null, command);
      }
      case "credentials" -> assignments.apply(epoch).credentials();
      case "commit" -> {
        var commit = note(call, Json.parse(body, AttemptApi.Commit.class));
        boolean mine =
            pointer.isPresent()
                && pointer.get().manifestKey().equals(commit.manifestKey())
                && pointer.get().manifestSha256().equals(commit.manifestSha256());
        if (mine) {
          yield new AttemptApi.Committed(commit.step(), epoch);
        }
        if (pointer.isPresent() && commit.step() <= pointer.get().step()) {
          yield refuse(409, "step_not_newer");
        }
        earlier = pointer;
        pointer =
            Optional.of(
                new AttemptApi.Pointer(
                    commit.step(),
                    epoch,
                    commit.manifestKey(),
                    commit.manifestSha256(),
                    commit.bytes(),
                    commit.files()));
        yield new AttemptApi.Committed(commit.step(), epoch);
      }
      case "condemn" -> {
        note(call, Json.parse(body, AttemptApi.Condemn.class));
        pointer = earlier;
        earlier = Optional.empty();
        yield new AttemptApi.Condemned(pointer.orElse(null));
      }
      case "hold" -> {
        note(call, Json.parse(body, AttemptApi.Hold.class));
        yield Map.of();
      }
      case "reclaim" -> {
        var reclaim = note(call, Json.parse(body, AttemptApi.Reclaim.class));
        yield new AttemptApi.ReclaimAck(reclaim.noticeSeconds());
      }
      case "exit" -> {
        note(call, Json.parse(body, AttemptApi.Exit.class));
        tokenSha256 = null;
        yield new AttemptApi.NextAnswer(null, "ended", null);
      }
      default -> refuse(404, "unknown");
    };
  }

  private AttemptApi.Assignment assignment() {
    var a = assignments.apply(epoch);
    return new AttemptApi.Assignment(
        a.job(),
        epoch,
        a.name(),
        a.command(),
        a.environment(),
        a.hostEnvironment(),
        a.setup(),
        a.checkpointDir(),
        a.checkpointEvery(),
        a.workdirKey(),
        a.workdirSha256(),
        a.workdirBytes(),
        pointer.orElse(null),
        a.credentials(),
        a.beatSeconds(),
        a.leaseSeconds(),
        a.parkSeconds(),
        a.deadManSeconds(),
        a.retryExitCodes(),
        a.placeMtbfSeconds());
  }

  private <T> T note(String name, T body) {
    calls.add(new Call(name, epoch, body, System.nanoTime()));
    return body;
  }
}
