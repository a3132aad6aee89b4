package io.vaultlayer.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.lease.TokenHash;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A manifest that no agent could restore becomes no pointer: not by a commit, not by a salvage. */
class UntrustedManifestTest {
  private static final long STEP = 70;

  private final World world = new World();
  private String job;
  private FakeAgent agent;

  /** Each with what it says of its file in place of what is right. */
  private enum Wrong {
    NO_DIGEST("sha256", null),
    BAD_DIGEST("sha256", "zz"),
    NO_PATH("path", null),
    UP("path", "../../x"),
    ABSOLUTE("path", "/etc/x"),
    NAMELESS("path", ""),
    NUL("path", "a\0b"),
    NO_KEY("key", null),
    KEY_UP("key", ".."),
    TWICE(null, null),
    BELOW(null, null),
    NULL_FILE(null, null),
    NO_FILES(null, null);

    private final String field;
    private final String value;

    Wrong(String field, String value) {
      this.field = field;
      this.value = value;
    }

    private Object files(String root, Map<String, Object> right) {
      var wrong = new HashMap<>(right);
      if (field != null) {
        wrong.put(field, this == KEY_UP ? root + ".." : value);
      }
      var below = new HashMap<>(right);
      below.put("path", right.get("path") + "/x");
      return switch (this) {
        case TWICE -> List.of(right, right);
        case BELOW -> List.of(right, below);
        case NULL_FILE -> Collections.singletonList(null);
        case NO_FILES -> null;
        default -> List.of(wrong);
      };
    }
  }

  @BeforeEach
  void begin() {
    job = world.submit(Map.of());
    agent = FakeAgent.ofLastLaunch(world);
    agent.register();
    agent.beat("running", STEP);
  }

  /** The digest of the manifest that was put. */
  private String put(Wrong wrong) {
    var root = BucketLayout.job(job) + "checkpoints/";
    var key = BucketLayout.checkpoint(job, 1, STEP) + "w";
    world.bucket.put(key, new byte[] {1});
    var right =
        Map.<String, Object>of(
            "path", "w", "key", key, "bytes", 1, "sha256", TokenHash.ofBytes(new byte[] {1}));
    var manifest = new HashMap<String, Object>();
    manifest.put("job", job);
    manifest.put("epoch", 1);
    manifest.put("step", STEP);
    manifest.put("files", wrong.files(root, right));
    var body = Json.render(manifest).getBytes(StandardCharsets.UTF_8);
    world.bucket.put(BucketLayout.checkpointManifest(job, 1, STEP), body);
    return TokenHash.ofBytes(body);
  }

  @ParameterizedTest
  @EnumSource(Wrong.class)
  void itsCommitIsRefused(Wrong wrong) {
    var digest = put(wrong);
    var reply =
        world.agent(
            job,
            1,
            "commit",
            agent.token,
            Map.of(
                "step",
                STEP,
                "manifestKey",
                BucketLayout.checkpointManifest(job, 1, STEP),
                "manifestSha256",
                digest));
    assertThat(reply.status()).as(reply.body()).isEqualTo(422);
    assertThat(reply.code()).isEqualTo("checkpoint_unverified");
    assertThat(world.lease(job).pointer()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Wrong.class,
      names = {"NO_DIGEST", "UP", "NULL_FILE", "NO_FILES"})
  void itIsNotSalvagedAndTheJobIsPlacedAgain(Wrong wrong) {
    put(wrong);
    world.provider.vanish(agent.bootstrap.label());
    world.pass(Duration.ofSeconds(6));
    assertThat(world.lease(job).pointer()).isEmpty();
    assertThat(world.lease(job).epoch()).isEqualTo(2);
    var second = FakeAgent.ofLastLaunch(world);
    assertThat(second.register().status()).isEqualTo(200);
    assertThat(second.assignment.checkpoint()).isNull();
  }
}
