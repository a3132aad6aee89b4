package io.vaultlayer.bench.sim;

import io.vaultlayer.bench.sim.Invocation.Caller;
import io.vaultlayer.bench.sim.Invocation.Function;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What handlers say: answers that are so, and secrets nowhere. */
final class AnswerRules {
  private static final List<String> WORLDS_OWN =
      List.of("StoreUnavailable", "TransportUnavailable", "ProviderFailure");

  private final World world;
  private final Checks checks;
  private final List<String> secrets = new ArrayList<>();

  AnswerRules(World world, Checks checks) {
    this.world = world;
    this.checks = checks;
  }

  // ---- secrets

  void secret(String token) {
    secrets.add(token);
  }

  /** INV-13 over one line, event, message, label or body. */
  void said(String where, String text) {
    if (text.contains(Checks.TAINT)) {
      checks.broken("INV-13", "a secret in a " + where + ": " + text);
    }
    for (var secret : secrets) {
      if (text.contains(secret)) {
        checks.broken("INV-13", "a token in a " + where);
      }
    }
  }

  /** No token is stored, only its hash; the user's values have a row of their own. */
  void stored(Write.Put put) {
    if (!put.key().sort().equals("env")) {
      said("stored row", put.attributes().toString());
    }
  }

  void logged(Function function, String line) {
    world.trace.say(function.wireName(), line);
    said("log line", line);
    if (line.startsWith("{\"note\":") && isBroken(line)) {
      checks.broken("BROKEN", function.wireName() + ": " + line);
    }
  }

  /** A handler failed by itself, not because the world gave no answer. */
  private static boolean isBroken(String line) {
    boolean failure =
        line.startsWith("{\"note\":\"broken\"")
            || line.startsWith("{\"note\":\"message failed\"")
            || line.startsWith("{\"note\":\"patrol failed")
            || line.startsWith("{\"note\":\"sweep failed");
    return failure && WORLDS_OWN.stream().noneMatch(k -> line.contains("\"" + k + ": "));
  }

  // ---- answers

  void answered(Invocation invocation, Plane.Call call, Plane.Reply reply) {
    if (reply.status() >= 400) {
      said("answer", reply.body());
    }
    invocation.caller.ifPresent(caller -> answered(invocation, caller, reply));
  }

  private void answered(Invocation invocation, Caller caller, Plane.Reply reply) {
    if (reply.ok()) {
      accepted(invocation, caller, reply);
    } else if (reply.code().equals("fenced") || reply.status() == 401) {
      refused(invocation, caller, reply);
    }
  }

  private void accepted(Invocation invocation, Caller caller, Plane.Reply reply) {
    var died = checks.diedAt(caller.token());
    boolean ownEnd = caller.verb().equals("exit") || caller.verb().equals("next");
    checks.require(
        checks.everLived(caller.token()),
        "INV-12",
        caller.verb() + " of a token that never owned " + caller.job() + " was answered with 200");
    checks.require(
        died.isEmpty() || died.get() > invocation.begun || ownEnd,
        "INV-12",
        caller.verb() + " of a dead token of " + caller.job() + " was answered with 200");
    var job = checks.job(caller.job());
    switch (caller.verb()) {
      case "register", "next" -> {
        var assignment =
            caller.verb().equals("register")
                ? Optional.of(reply.as(AttemptApi.Assignment.class))
                : Optional.ofNullable(reply.as(AttemptApi.NextAnswer.class).assignment());
        assignment.ifPresent(a -> assigned(job, a, caller));
      }
      case "condemn" ->
          given(
              job, Optional.ofNullable(reply.as(AttemptApi.Condemned.class).checkpoint()), caller);
      case "commit" -> {
        var step = reply.as(AttemptApi.Committed.class).step();
        var key =
            io.vaultlayer.wire.BucketLayout.checkpointManifest(caller.job(), caller.epoch(), step);
        checks.require(
            job.committed.contains(key),
            "ANSWER",
            "step " + step + " of " + caller.job() + " was answered as committed, and is not");
      }
      case "exit" ->
          checks.require(
              job.fencedAt.containsKey(caller.epoch()),
              "ANSWER",
              "an exit of " + caller.job() + " was taken, and its epoch stands");
      default -> {}
    }
  }

  private void assigned(Checks.JobTruth job, AttemptApi.Assignment a, Caller caller) {
    boolean current = checks.diedAt(caller.token()).isEmpty() || caller.verb().equals("next");
    if (current && job.lease.filter(l -> l.epoch() == a.epoch()).isPresent()) {
      given(job, Optional.ofNullable(a.checkpoint()), caller);
    }
  }

  /** INV-4: an agent starts from what the pointer was or is, and from nothing else. */
  private void given(Checks.JobTruth job, Optional<AttemptApi.Pointer> given, Caller caller) {
    boolean known =
        job.sinceRegister.stream()
            .anyMatch(p ->
                p.isEmpty() && given.isEmpty()
                    || p.isPresent()
                        && given.isPresent()
                        && p.get().manifestKey().equals(given.get().manifestKey())
                        && p.get().manifestSha256().equals(given.get().manifestSha256())
                        && p.get().step() == given.get().step());
    checks.require(
        known || job.lease.filter(l -> l.epoch() > caller.epoch() + 1).isPresent(),
        "INV-4",
        caller.verb()
            + " of "
            + caller.job()
            + " was given "
            + given.map(AttemptApi.Pointer::step)
            + ", which its pointer never was");
  }

  /** The owner of the whole time of a call must not be told that it is not. */
  private void refused(Invocation invocation, Caller caller, Plane.Reply reply) {
    var job = checks.job(caller.job());
    boolean owner =
        job.lease
            .filter(l -> l.epoch() == caller.epoch())
            .filter(l -> l.token().filter(caller.token()::matches).isPresent())
            .isPresent();
    checks.require(
        !owner || job.boundIndex > invocation.begun,
        "ANSWER",
        "the owner of "
            + caller.job()
            + " epoch "
            + caller.epoch()
            + " was answered "
            + reply.code()
            + " to its "
            + caller.verb());
  }

  boolean knows(String text) {
    return Json.tree(text).isObject();
  }
}
