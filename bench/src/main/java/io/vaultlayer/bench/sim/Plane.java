package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.plane.Door;
import io.vaultlayer.bench.sim.Invocation.Caller;
import io.vaultlayer.bench.sim.Invocation.Function;
import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.functions.agentapi.AgentHandler;
import io.vaultlayer.functions.agentapi.CommitHandler;
import io.vaultlayer.functions.api.ControlHandler;
import io.vaultlayer.functions.api.QueryHandler;
import io.vaultlayer.functions.api.SubmitHandler;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes;
import io.vaultlayer.functions.provisioner.ProvisionerHandler;
import io.vaultlayer.functions.reaper.ReaperHandler;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.functions.watchdog.WatchdogHandler;
import io.vaultlayer.wire.Json;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * The control plane, wired as template.yaml wires it: routes to functions, rules to queues, queues
 * to functions with their batch sizes, visibility and retention, and two schedules.
 */
final class Plane {
  /**
   * The most that one invocation may take; the template's time limit for every function is 25 s.
   */
  private static final long MOST_SUSPENDED = 20_000;

  private static final int MOST_RECEIVES = 5;
  private static final long GATEWAY_TIMEOUT = 29_000;

  /** As the queues of the template. */
  private record QueueFacts(Function function, int batch, long visibility, long retention) {}

  private static final Map<String, QueueFacts> QUEUES =
      Map.of(
          "PROVISION_QUEUE", new QueueFacts(Function.PROVISIONER, 5, 180_000, 345_600_000),
          "TICK_QUEUE_URL", new QueueFacts(Function.WATCHDOG, 1, 150_000, 60_000),
          "REAP_QUEUE_URL", new QueueFacts(Function.REAPER, 5, 180_000, 345_600_000));

  private record Message(long number, String body, long sent, long readyAt, int receives) {}

  private final World world;
  private final Map<Function, Deque<Environment>> idle = new EnumMap<>(Function.class);
  private final Map<String, Function> functions = new HashMap<>();
  private final Map<String, List<Message>> waiting = new HashMap<>();
  private final List<Strand> strands = new ArrayList<>();
  private final List<Waiter> waiters = new ArrayList<>();

  /** The crash points that are in the coverage already. */
  private final Set<String> passed = new HashSet<>();

  private final SplittableRandom net;
  private long messages;

  private final List<Long> deaths = new ArrayList<>();

  Optional<Invocation> current = Optional.empty();

  Plane(World world) {
    this.world = world;
    this.net = Chance.of(world.plan.seed(), "net", 0);
    QUEUES.keySet().forEach(q -> waiting.put(q, new ArrayList<>()));
    for (var function : Function.values()) {
      giveBack(function, start(function));
    }
  }

  // ---- the functions' environments

  /** One started function: built once, kept warm until it dies. */
  private record Environment(
      Optional<Routes> routes,
      Optional<java.util.function.Function<Map<String, Object>, Map<String, Object>>> handler) {}

  /** An environment runs one invocation at a time; while all are busy, another one is started. */
  private Environment take(Function function) {
    var free = idle.get(function).poll();
    return free != null ? free : start(function);
  }

  private void giveBack(Function function, Environment environment) {
    idle.computeIfAbsent(function, f -> new ArrayDeque<>()).push(environment);
  }

  private Environment start(Function function) {
    var platform = new SimPlatform(world, function);
    var control =
        Control.on(
            platform,
            new DecisionLog(line -> world.logged(function, line)),
            world.decider(function));
    return switch (function) {
      case SUBMIT -> api(function, new SubmitHandler(platform, control).routes(), control);
      case QUERY -> api(function, new QueryHandler(platform, control).routes(), control);
      case CONTROL -> api(function, new ControlHandler(platform, control).routes(), control);
      case AGENT -> api(function, new AgentHandler(platform, control).routes(), control);
      case COMMIT -> api(function, new CommitHandler(platform, control).routes(), control);
      case PROVISIONER -> queued(new ProvisionerHandler(platform, control)::handle);
      case WATCHDOG -> queued(new WatchdogHandler(platform, control)::handle);
      case REAPER -> queued(new ReaperHandler(platform, control)::handle);
    };
  }

  private Environment api(
      Function function,
      Map<String, java.util.function.Function<HttpRequest, Routes.Answer>> routes,
      Control control) {
    routes.keySet().forEach(route -> functions.put(route, function));
    return new Environment(Optional.of(new Routes(routes, control.log())), Optional.empty());
  }

  private static Environment queued(
      java.util.function.Function<Map<String, Object>, Map<String, Object>> handler) {
    return new Environment(Optional.empty(), Optional.of(handler));
  }

  // ---- one invocation

  /**
   * Runs a handler, inline or, while handlers are slow, as a strand that may be suspended at any
   * call of a port. {@code ended} gets the result, or nothing when the process died.
   */
  private void invoke(Invocation invocation, Consumer<Environment> work, Consumer<Boolean> ended) {
    Runnable whole =
        () -> {
          boolean died = false;
          var environment = take(invocation.function);
          try {
            work.accept(environment);
            giveBack(invocation.function, environment);
          } catch (Invocation.Died e) {
            died = true;
            world.trace.note("died", invocation.function.wireName(), invocation.about);
          }
          current = Optional.empty();
          ended.accept(!died);
        };
    if (!world.faults.open(FaultKind.HANDLERS_SLOW, -1, 1)) {
      current = Optional.of(invocation);
      whole.run();
      return;
    }
    var strand = new Strand(whole);
    invocation.strand = Optional.of(strand);
    strands.add(strand);
    current = Optional.of(invocation);
    resume(strand);
  }

  private void resume(Strand strand) {
    strand.resume();
    current = Optional.empty();
    if (strand.done()) {
      strands.remove(strand);
    }
  }

  /** At a call of a port: the process may die here, or be held up. */
  void pass(String site, String when) {
    if (current.isEmpty()) {
      return;
    }
    var invocation = current.get();
    var point = invocation.function.wireName() + " " + site + " " + when;
    if (passed.add(point)) {
      world.coverage.crashPoints().putIfAbsent(point, 0L);
    }
    if (world.faults.aims(FaultKind.HANDLER_CRASHES_AT, point)
        || world.faults.open(FaultKind.HANDLER_CRASHES, -1, 1) && crashes(invocation)) {
      deaths.add(world.engine.now());
      world.coverage.crashPoints().merge(point, 1L, Long::sum);
      invocation.crashed = true;
      throw new Invocation.Died();
    }
    if (invocation.strand.isPresent() && invocation.suspendedMillis < MOST_SUSPENDED) {
      world
          .faults
          .find(FaultKind.HANDLERS_SLOW, -1, 1)
          .ifPresent(f -> hold(invocation, world.faults.stream(f)));
    }
  }

  private boolean crashes(Invocation invocation) {
    // One in nine such faults hits every function, the others one of them.
    int targets = Function.values().length + 1;
    return world
        .faults
        .find(FaultKind.HANDLER_CRASHES, -1, 1)
        .filter(f ->
            f.target() % targets == Function.values().length
                || f.target() % targets == invocation.function.ordinal())
        .filter(f -> world.faults.stream(f).nextInt(4) == 0)
        .isPresent();
  }

  /** For a while, or until somebody else has written a lease: that is where races are lost. */
  private void hold(Invocation invocation, SplittableRandom random) {
    if (random.nextInt(14) == 0) {
      var waiter = new Waiter(invocation, random.nextBoolean());
      waiters.add(waiter);
      suspend(invocation, Chance.between(random, 2_000, 14_000), waiter);
      return;
    }
    long millis = held(random);
    if (millis > 0) {
      suspend(invocation, millis, new Waiter(invocation, false));
    }
  }

  /** A handler that is held up until a lease is written, or its time is over. */
  private static final class Waiter {
    final Invocation invocation;
    final boolean forMoves;
    boolean resumed;

    Waiter(Invocation invocation, boolean forMoves) {
      this.invocation = invocation;
      this.forMoves = forMoves;
    }
  }

  /** A lease was written; {@code moves}: it was more than a beat. */
  void leaseWritten(boolean moves) {
    for (var waiter : List.copyOf(waiters)) {
      if (current.filter(i -> i == waiter.invocation).isEmpty() && (moves || !waiter.forMoves)) {
        waiters.remove(waiter);
        world.engine.after(1, () -> goOn(waiter));
      }
    }
  }

  private void goOn(Waiter waiter) {
    waiters.remove(waiter);
    if (!waiter.resumed) {
      waiter.resumed = true;
      current = Optional.of(waiter.invocation);
      resume(waiter.invocation.strand.orElseThrow());
    }
  }

  /** Mostly milliseconds, now and then seconds. */
  private static long held(SplittableRandom random) {
    return switch (random.nextInt(12)) {
      case 0, 1, 2 -> Chance.between(random, 1, 50);
      case 3 -> Chance.between(random, 50, 1500);
      case 4 -> random.nextInt(4) == 0 ? Chance.between(random, 1500, 12_000) : 0;
      default -> 0;
    };
  }

  private void suspend(Invocation invocation, long asked, Waiter waiter) {
    long millis = Math.min(asked, MOST_SUSPENDED - invocation.suspendedMillis);
    invocation.suspendedMillis += millis;
    world.engine.after(millis, () -> goOn(waiter));
    invocation.strand.orElseThrow().suspend();
  }

  /** When handlers died. */
  List<Long> deaths() {
    return deaths;
  }

  void end() {
    List.copyOf(strands).forEach(Strand::abandon);
  }

  private Invocation begin(Function function, String about, Optional<Caller> caller) {
    long skew =
        world
            .faults
            .find(FaultKind.CLOCK_STEPS, -1, 1)
            .map(f -> Chance.between(world.faults.stream(f), -2000, 2000))
            .orElse(0L);
    if (caller.filter(c -> c.verb().equals("heartbeat")).isPresent()) {
      var ahead = world.faults.find(FaultKind.CLOCK_FAR_AHEAD, -1, 1);
      if (ahead.isPresent()) {
        skew = Chance.between(world.faults.stream(ahead.get()), 20_000, 180_000);
      }
    }
    return new Invocation(function, about, caller, skew, world.checks.index(), world.engine.now());
  }

  boolean away() {
    return world.faults.open(FaultKind.PLANE_AWAY, -1, 1);
  }

  // ---- the door

  /** A request on its way: what API Gateway makes of it. */
  record Call(
      String route,
      Map<String, String> path,
      Map<String, String> headers,
      Object body,
      String who,
      Optional<Integer> host) {}

  /** Status 0: no answer came. */
  record Reply(int status, String body) {
    static final Reply NONE = new Reply(0, "");

    boolean ok() {
      return status / 100 == 2;
    }

    <T> T as(Class<T> type) {
      return Json.parse(body, type);
    }

    String code() {
      return status < 400 || body.isEmpty() ? "" : Json.tree(body).path("code").asText("");
    }
  }

  /** Sends a request over a network; {@code answered} is called exactly once, in virtual time. */
  void call(Call call, long patience, Consumer<Reply> answered) {
    var body = call.body() instanceof String text ? text : Json.render(call.body());
    var once = new boolean[1];
    Consumer<Reply> first =
        reply -> {
          if (!once[0]) {
            once[0] = true;
            answered.accept(reply);
          }
        };
    world.engine.after(Math.min(patience, GATEWAY_TIMEOUT), () -> first.accept(Reply.NONE));
    long there = Chance.between(net, 5, 60);
    long back = Chance.between(net, 5, 60);
    if (world.faults.strikes(FaultKind.HTTP_REQUEST_LOST)) {
      return;
    }
    var slow = world.faults.find(FaultKind.HTTP_DELAYED, -1, 1);
    if (slow.isPresent()) {
      there += Chance.between(world.faults.stream(slow.get()), 100, 6_000);
    }
    var late = world.faults.find(FaultKind.HTTP_REORDERED, -1, 1);
    if (late.isPresent()) {
      there += Chance.between(world.faults.stream(late.get()), 1_000, 90_000);
    }
    boolean answerLost = world.faults.strikes(FaultKind.HTTP_ANSWER_LOST);
    Consumer<Reply> through =
        reply -> {
          if (!answerLost && (call.host().isEmpty() || !world.fleet.cut(call.host().get()))) {
            world.engine.after(back, () -> first.accept(reply));
          }
        };
    world.engine.after(there, () -> arrive(call, body, through));
    var twice = world.faults.find(FaultKind.HTTP_DUPLICATED, -1, 1);
    if (twice.isPresent()) {
      long again = there + Chance.between(world.faults.stream(twice.get()), 1, 40_000);
      world.engine.after(again, () -> arrive(call, body, reply -> {}));
    }
  }

  private void arrive(Call call, String body, Consumer<Reply> answered) {
    if (away() || world.faults.open(FaultKind.INGRESS_OUT, -1, 1)) {
      world.blocked(call);
      return;
    }
    if (call.host().isPresent() && world.fleet.cut(call.host().get())) {
      return;
    }
    var function = functions.get(call.route());
    if (!world.mutant.runs(function)) {
      answered.accept(new Reply(503, "{\"code\":\"unavailable\"}"));
      return;
    }
    var caller = caller(call, body);
    var invocation = begin(function, call.who(), caller);
    var event = Door.event(call.route(), call.path(), call.headers(), body);
    var holder = new Reply[] {new Reply(500, "{\"message\":\"Internal Server Error\"}")};
    invoke(
        invocation,
        environment -> {
          var answer = environment.routes().orElseThrow().handle(event);
          if (caller.isPresent()) {
            answer = world.mutant.answer(caller.get(), answer, world);
          }
          holder[0] = new Reply((int) answer.get("statusCode"), String.valueOf(answer.get("body")));
        },
        lived -> {
          if (lived) {
            world.checks.answered(invocation, call, holder[0]);
          }
          world.trace.note(
              "http",
              call.who(),
              call.route().substring(call.route().lastIndexOf('/'))
                  + " "
                  + holder[0].status()
                  + " "
                  + (holder[0].ok() ? "" : holder[0].code()));
          answered.accept(holder[0]);
        });
  }

  private static Optional<Caller> caller(Call call, String body) {
    if (!call.path().containsKey("epoch")) {
      return Optional.empty();
    }
    var bearer = call.headers().getOrDefault("authorization", "Bearer -").substring(7);
    return Optional.of(
        new Caller(
            call.path().get("job"),
            Integer.parseInt(call.path().get("epoch")),
            call.route().substring(call.route().lastIndexOf('/') + 1),
            TokenHash.of(bearer),
            body));
  }

  // ---- bus, queues, schedules

  void publish(String detailType, String detailJson) {
    if (world.faults.strikes(FaultKind.EVENT_LOST)) {
      return;
    }
    long delay = Chance.between(net, 30, 400);
    var late = world.faults.find(FaultKind.EVENT_DELAYED, -1, 1);
    if (late.isPresent()) {
      delay += Chance.between(world.faults.stream(late.get()), 1_000, 300_000);
    }
    if (!List.of("ProvisionRequested", "ResumeRequested").contains(detailType)) {
      return;
    }
    var body = "{\"detail\":" + detailJson + "}";
    world.engine.after(delay, () -> send("PROVISION_QUEUE", body, 0));
    var twice = world.faults.find(FaultKind.EVENT_DUPLICATED, -1, 1);
    if (twice.isPresent()) {
      long again = delay + Chance.between(world.faults.stream(twice.get()), 1, 120_000);
      world.engine.after(again, () -> send("PROVISION_QUEUE", body, 0));
    }
  }

  void send(String queue, String body, long delayMillis) {
    if (world.faults.strikes(FaultKind.MESSAGE_LOST)) {
      return;
    }
    long delay = delayMillis + Chance.between(net, 10, 150);
    var late = world.faults.find(FaultKind.MESSAGE_DELAYED, -1, 1);
    if (late.isPresent()) {
      delay += Chance.between(world.faults.stream(late.get()), 1_000, 240_000);
    }
    enqueue(
        queue, new Message(messages++, body, world.engine.now(), world.engine.now() + delay, 0));
    var twice = world.faults.find(FaultKind.MESSAGE_DUPLICATED, -1, 1);
    if (twice.isPresent()) {
      long again = delay + Chance.between(world.faults.stream(twice.get()), 1, 60_000);
      enqueue(
          queue, new Message(messages++, body, world.engine.now(), world.engine.now() + again, 0));
    }
  }

  private void enqueue(String queue, Message message) {
    waiting.get(queue).add(message);
    world.engine.at(message.readyAt(), () -> poll(queue));
  }

  /** Takes what is ready, up to a batch, and hands it to the function. */
  private void poll(String queue) {
    if (away()) {
      // Whatever is in the queue waits there for us.
      world.engine.after(10_000, () -> poll(queue));
      return;
    }
    var facts = QUEUES.get(queue);
    long now = world.engine.now();
    var all = waiting.get(queue);
    all.removeIf(m -> now - m.sent() > facts.retention());
    var batch = all.stream().filter(m -> m.readyAt() <= now).limit(facts.batch()).toList();
    if (batch.isEmpty()) {
      return;
    }
    all.removeAll(batch);
    deliver(queue, facts, batch);
    if (all.stream().anyMatch(m -> m.readyAt() <= now)) {
      world.engine.after(1, () -> poll(queue));
    }
  }

  private void deliver(String queue, QueueFacts facts, List<Message> batch) {
    var function = facts.function();
    if (!world.mutant.runs(function) || function == Function.WATCHDOG && ticksStopped()) {
      return;
    }
    var records = new ArrayList<Map<String, Object>>();
    for (var message : batch) {
      records.add(Map.of("messageId", "m" + message.number(), "body", message.body()));
    }
    var failed = new ArrayList<Message>(batch);
    // Not its body: the order of a map's entries in it may differ from one process to the next.
    var invocation = begin(function, "m" + batch.getFirst().number(), Optional.empty());
    invoke(
        invocation,
        environment -> {
          var answer = environment.handler().orElseThrow().apply(Map.of("Records", records));
          var failures = Json.render(answer.get("batchItemFailures"));
          failed.removeIf(m -> !failures.contains("\"m" + m.number() + "\""));
          world.checks.delivered(function, failed.size());
        },
        lived -> {
          for (var message : failed) {
            if (message.receives() + 1 < MOST_RECEIVES) {
              enqueue(
                  queue,
                  new Message(
                      message.number(),
                      message.body(),
                      message.sent(),
                      world.engine.now() + facts.visibility(),
                      message.receives() + 1));
            }
          }
        });
  }

  private boolean ticksStopped() {
    boolean stopped = world.faults.open(FaultKind.TICKS_STOP, -1, 1);
    if (stopped) {
      world.faults.acted(FaultKind.TICKS_STOP);
    }
    return stopped;
  }

  /** The two schedules of the template. */
  void startSchedules() {
    every(60_000, "TICK_QUEUE_URL", "{\"tick\":\"minute\"}");
    every(300_000, "REAP_QUEUE_URL", "{\"reap\":\"inventory\"}");
    retain();
  }

  /**
   * Looks at checkpoints at any time. The template asks for them once an hour, which in a world of
   * two hours would see too little; whoever asks, a look may do no harm.
   */
  private void retain() {
    world.engine.after(
        Chance.between(looks(), 20_000, 60_000),
        () -> {
          if (!world.over) {
            var ids = List.copyOf(world.users.plans().keySet());
            if (!ids.isEmpty() && !away()) {
              send(
                  "REAP_QUEUE_URL",
                  "{\"retain\":\"" + ids.get(looks().nextInt(ids.size())) + "\"}",
                  0);
            }
            retain();
          }
        });
  }

  private SplittableRandom looks() {
    return world.chance("retain");
  }

  private void every(long millis, String queue, String body) {
    world.engine.after(
        millis,
        () -> {
          if (!world.over) {
            if (!away() && !ticksStopped()) {
              send(queue, body, 0);
            }
            every(millis, queue, body);
          }
        });
  }
}
