package io.vaultlayer.agent;

import io.vaultlayer.agent.api.Answer;
import io.vaultlayer.agent.api.AttemptClient;
import io.vaultlayer.agent.api.Backoff;
import io.vaultlayer.agent.attempt.AgentState;
import io.vaultlayer.agent.attempt.Attempt;
import io.vaultlayer.agent.attempt.Host;
import io.vaultlayer.agent.attempt.Inbox;
import io.vaultlayer.agent.attempt.LeftSaves;
import io.vaultlayer.agent.attempt.Outcome;
import io.vaultlayer.agent.host.ProcessTree;
import io.vaultlayer.agent.lease.Clocks;
import io.vaultlayer.agent.note.AgentLog;
import io.vaultlayer.agent.work.InstanceDir;
import io.vaultlayer.agent.work.OwnFile;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The agent of one instance: takes its launch, or takes up where an agent before it was ended, and
 * leads one attempt after the other for as long as the control plane gives it one.
 */
final class Agent {
  /** The attempt's end is known to the control plane, or another one goes on. */
  static final int ENDED = 0;

  /** Something on this host is broken; {@code agent.log} says what. */
  static final int BROKEN = 1;

  /** Nobody has accepted a beat for as long as the dead-man waits. */
  static final int DEAD = 4;

  /** The attempt belongs to somebody else, or never was ours. */
  static final int FENCED = 9;

  /** A launch that has not registered by then was given up by the control plane long ago. */
  private static final Duration LAUNCH_LIMIT = Duration.ofMinutes(20);

  /** A successor waits besides for as long as the attempt before it may drain. */
  private static final Duration DRAIN_LIMIT = Duration.ofHours(1);

  private static final Duration NEXT_LIMIT = Duration.ofMinutes(20);
  private static final Duration FIRST_WAIT = Duration.ofMillis(100);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private final InstanceDir places;
  private final Clocks clocks;
  private final Inbox inbox;
  private final Map<String, String> environment;
  private final RandomGenerator random;
  private final AgentLog log;

  Agent(InstanceDir places, Inbox inbox, Outside outside, AgentLog log) {
    this.places = places;
    this.clocks = outside.clocks();
    this.inbox = inbox;
    this.environment = outside.environment();
    this.random = outside.random();
    this.log = log;
  }

  /** Runs to the end of the instance's part. @return the exit code */
  int run() throws IOException, InterruptedException {
    if (Files.exists(places.bootstrap())) {
      return launched(Json.parse(Files.readString(places.bootstrap()), AttemptApi.Bootstrap.class));
    }
    Optional<AgentState> state = AgentState.read(places.state());
    if (state.isPresent() && Files.exists(places.token())) {
      return again(state.get());
    }
    log.event("nothing_to_do", Map.of("message", "no bootstrap.json and no earlier state"));
    return BROKEN;
  }

  private int launched(AttemptApi.Bootstrap bootstrap) throws IOException, InterruptedException {
    // Kept when it is there already: a register of ours may have arrived before we were ended.
    Token token =
        Files.exists(places.token())
            ? new Token(Files.readString(places.token()))
            : Token.make(random);
    OwnFile.write(places.token(), token.text());
    AgentState state =
        AgentState.create(
            places.state(),
            bootstrap.endpoint(),
            bootstrap.job(),
            bootstrap.epoch(),
            bootstrap.label());
    Host host = host(state);
    AttemptClient client = client(state, token);
    Machine machine = Machine.read(places, bootstrap.label());
    var body =
        new AttemptApi.Register(
            bootstrap.launch(),
            bootstrap.bootstrapToken(),
            machine.instanceId(),
            machine.machineId(),
            Machine.version());
    Files.delete(places.bootstrap());
    var waits = new Backoff(FIRST_WAIT, LONGEST_WAIT, random);
    long begun = clocks.monotonic();
    Duration limit = LAUNCH_LIMIT;
    while (clocks.monotonic() - begun < limit.toNanos()) {
      long sent = clocks.monotonic();
      switch (client.register(body)) {
        case Answer.Ok<AttemptApi.Assignment>(var assignment) -> {
          return lead(host, new Step(Optional.of(new Turn(assignment, token, sent)), ENDED));
        }
        case Answer.Fenced<AttemptApi.Assignment>(var message) -> {
          return fenced(bootstrap.epoch(), message);
        }
        case Answer.Refused<AttemptApi.Assignment>(var status, var code, var message) -> {
          if (!code.equals("not_yet")) {
            log.event("register_refused", Map.of("code", code, "message", message));
            return status == 409 ? fenced(bootstrap.epoch(), message) : BROKEN;
          }
          limit = LAUNCH_LIMIT.plus(DRAIN_LIMIT);
        }
        case Answer.Unavailable<AttemptApi.Assignment>(var message) ->
            log.event("register_unanswered", Map.of("message", message));
      }
      if (inbox.noticed()) {
        log.event("register_given_up", Map.of("message", "the host will be taken away"));
        return ENDED;
      }
      Thread.sleep(waits.next());
    }
    log.event("register_given_up", Map.of("afterSeconds", limit.toSeconds()));
    return DEAD;
  }

  /** An agent before this one was ended, and what it had started may still run. */
  private int again(AgentState state) throws IOException, InterruptedException {
    Host host = host(state);
    log.event("agent_again", Map.of("epoch", state.stored().epoch()));
    Optional.ofNullable(state.stored().training()).ifPresent(host.tree()::include);
    host.tree().kill();
    Token token = new Token(Files.readString(places.token()));
    AttemptClient client = client(state, token);
    // Says that somebody is here, before the longer call. The answer to that one decides.
    client.heartbeat(
        new AttemptApi.Heartbeat(
            state.nextBeat(), "restoring", null, null, null, null, null, List.of()));
    Optional<String> fence = new LeftSaves(host, client).finish();
    if (fence.isPresent()) {
      return fenced(state.stored().epoch(), fence.get());
    }
    var lost = new Outcome.Lost("lost", "the agent was ended and started again", null, null);
    return lead(host, next(host, lost, token));
  }

  /** One attempt after the other, until there is none for this instance any more. */
  private int lead(Host host, Step first) throws IOException, InterruptedException {
    Optional<Turn> turn = first.turn();
    int code = first.code();
    while (turn.isPresent()) {
      AttemptApi.Assignment assignment = turn.get().assignment();
      Token token = turn.get().token();
      host.state().begun(assignment.epoch(), assignment.environment());
      host.inbox().nextAttempt();
      Outcome outcome =
          new Attempt(host, assignment, client(host.state(), token), turn.get().sent()).run();
      Step step = after(host, outcome, token);
      turn = step.turn();
      code = step.code();
    }
    return code;
  }

  private Step after(Host host, Outcome outcome, Token token)
      throws IOException, InterruptedException {
    int epoch = host.state().stored().epoch();
    return switch (outcome) {
      case Outcome.Reported() -> end(ENDED);
      case Outcome.Lost lost -> next(host, lost, token);
      case Outcome.Fenced(var message) -> Step.end(fenced(epoch, message));
      case Outcome.Dead() -> {
        log.event("dead_man", Map.of("epoch", epoch));
        yield end(DEAD);
      }
      case Outcome.Unreported(var message) -> {
        log.event("exit_refused", Map.of("epoch", epoch, "message", message));
        yield end(BROKEN);
      }
    };
  }

  /** Asks for the next epoch on this same instance. */
  private Step next(Host host, Outcome.Lost lost, Token token)
      throws IOException, InterruptedException {
    // Kept until the answer: when it was lost, the same token asks again and is recognised.
    Optional<Token> asked =
        Files.exists(places.nextToken())
            ? Optional.of(new Token(Files.readString(places.nextToken())))
            : Optional.empty();
    // One that was granted before this agent could forget it is spent.
    Token next =
        asked.filter(t -> !t.text().equals(token.text())).orElseGet(() -> Token.make(random));
    OwnFile.write(places.nextToken(), next.text());
    AttemptClient client = client(host.state(), token);
    var body =
        new AttemptApi.Next(
            next.sha256(), lost.outcome(), lost.detail(), lost.firstStep(), lost.lastStep());
    int epoch = host.state().stored().epoch();
    log.event("next", Map.of("epoch", epoch, "detail", lost.detail()));
    var waits = new Backoff(FIRST_WAIT, LONGEST_WAIT, random);
    long begun = clocks.monotonic();
    while (clocks.monotonic() - begun < NEXT_LIMIT.toNanos()) {
      long sent = clocks.monotonic();
      switch (client.next(body)) {
        case Answer.Ok<AttemptApi.NextAnswer>(var answer) -> {
          if (answer.assignment() == null) {
            log.event(
                "no_next_attempt",
                Map.of("state", "" + answer.state(), "reason", "" + answer.reason()));
            return end(ENDED);
          }
          OwnFile.write(places.token(), next.text());
          Files.delete(places.nextToken());
          return new Step(Optional.of(new Turn(answer.assignment(), next, sent)), ENDED);
        }
        case Answer.Fenced<AttemptApi.NextAnswer>(var message) -> {
          return Step.end(fenced(epoch, message));
        }
        case Answer.Refused<AttemptApi.NextAnswer>(var status, var code, var message) -> {
          log.event("next_refused", Map.of("code", code, "message", message));
          return end(BROKEN);
        }
        case Answer.Unavailable<AttemptApi.NextAnswer>(var message) ->
            log.event("next_unanswered", Map.of("message", message));
      }
      if (inbox.noticed()) {
        log.event("next_given_up", Map.of("message", "the host will be taken away"));
        return end(ENDED);
      }
      Thread.sleep(waits.next());
    }
    return end(DEAD);
  }

  /** An attempt to lead. @param sent when the call was sent that this answers */
  private record Turn(AttemptApi.Assignment assignment, Token token, long sent) {}

  /** Another turn, or the exit code. */
  private record Step(Optional<Turn> turn, int code) {
    static Step end(int code) {
      return new Step(Optional.empty(), code);
    }
  }

  private Step end(int code) throws IOException {
    wipe();
    return Step.end(code);
  }

  private int fenced(int epoch, String message) throws IOException {
    log.event(
        "fenced_end",
        Map.of(
            "epoch",
            epoch,
            "message",
            "fenced: epoch " + epoch + " is no longer ours; stopping",
            "answer",
            "" + message));
    wipe();
    return FENCED;
  }

  private void wipe() throws IOException {
    Files.deleteIfExists(places.token());
    Files.deleteIfExists(places.nextToken());
  }

  private Host host(AgentState state) {
    var tree = new ProcessTree(state.stored().label(), places.logs());
    tree.adoptOrphans();
    return new Host(
        places, state.stored().label(), tree, inbox, state, clocks, random, environment, log);
  }

  private static AttemptClient client(AgentState state, Token token) {
    AgentState.Stored stored = state.stored();
    return new AttemptClient(stored.endpoint(), stored.job(), stored.epoch(), token.text());
  }
}
