package io.vaultlayer.functions;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.AttemptApi;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An agent that speaks the real API to the handlers, driven by a test line by line. */
final class FakeAgent {
  private final World world;
  final AttemptApi.Bootstrap bootstrap;
  final String token;
  private final String machine;
  AttemptApi.Assignment assignment;
  int epoch;
  private String current;
  private long beat;

  private FakeAgent(World world, AttemptApi.Bootstrap bootstrap, String token, String machine) {
    this.world = world;
    this.machine = machine;
    this.bootstrap = bootstrap;
    this.token = token;
    this.current = token;
    this.epoch = bootstrap.epoch();
  }

  /** The agent of the newest launch. */
  static FakeAgent ofLastLaunch(World world) {
    var launches = world.provider.launches();
    var bootstrap = Json.parse(launches.getLast().bootstrap(), AttemptApi.Bootstrap.class);
    var machine = launches.getLast().offer().machineId();
    return new FakeAgent(world, bootstrap, "vla_" + bootstrap.label(), machine);
  }

  World.Reply register() {
    return register(token);
  }

  World.Reply register(String withToken) {
    var reply =
        world.agent(
            bootstrap.job(),
            epoch,
            "register",
            withToken,
            Map.of(
                "launch",
                bootstrap.launch(),
                "bootstrapToken",
                bootstrap.bootstrapToken(),
                "instanceId",
                world.provider.ids(bootstrap.label()).stream().findFirst().orElse("i-lost"),
                "machineId",
                machine,
                "agentVersion",
                "test"));
    if (reply.status() == 200) {
      assignment = reply.as(AttemptApi.Assignment.class);
    }
    return reply;
  }

  World.Reply beat(String phase, Long step) {
    var body = new HashMap<String, Object>(Map.of("beat", ++beat, "phase", phase));
    body.put("step", step);
    body.put("firstStep", step);
    return world.agent(bootstrap.job(), epoch, "heartbeat", current, body);
  }

  /** A restart in place as the control plane asked for it. */
  World.Reply restartStalled(String nextToken) {
    return next(nextToken, "stalled");
  }

  World.Reply commit(long step) {
    return world.agent(
        bootstrap.job(),
        epoch,
        "commit",
        current,
        world.checkpoint(bootstrap.job(), epoch, step, "weights of " + step));
  }

  World.Reply next(String nextToken) {
    return next(nextToken, "lost");
  }

  private World.Reply next(String nextToken, String outcome) {
    var reply =
        world.agent(
            bootstrap.job(),
            epoch,
            "next",
            current,
            Map.of(
                "nextTokenSha256",
                TokenHash.of(nextToken).hex(),
                "outcome",
                outcome,
                "detail",
                "killed by SIGKILL"));
    if (reply.status() == 200 && Json.tree(reply.body()).hasNonNull("assignment")) {
      assignment = reply.as(AttemptApi.NextAnswer.class).assignment();
      epoch = assignment.epoch();
      current = nextToken;
      beat = 0;
    }
    return reply;
  }

  World.Reply exit(String outcome, Map<String, Object> more) {
    var body = new HashMap<String, Object>(more);
    body.put("outcome", outcome);
    return world.agent(bootstrap.job(), epoch, "exit", current, body);
  }

  World.Reply succeed() {
    var key = BucketLayout.outputsManifest(bootstrap.job(), epoch);
    var manifest =
        Json.render(
                new Manifest(bootstrap.job(), epoch, null, "now", "outputs", List.of(), Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    world.bucket.put(key, manifest);
    return exit(
        "succeeded",
        Map.of(
            "exitCode",
            0,
            "outputsManifestKey",
            key,
            "outputsManifestSha256",
            TokenHash.ofBytes(manifest)));
  }
}
