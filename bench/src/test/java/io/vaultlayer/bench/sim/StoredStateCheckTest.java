package io.vaultlayer.bench.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.check.StoredStateCheck;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.DecisionLog;
import io.vaultlayer.wire.Lists.Broken;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * {@code vl check} raises no false alarm: in random worlds full of faults, looked at in the middle
 * of whatever the handlers are doing, it finds nothing that lasts, and nothing at all at the end.
 */
class StoredStateCheckTest {
  private static final long SEEDS = 12;

  /** What a handler that was cut short leaves behind is healed by then. */
  private static final long BETWEEN_LOOKS = 5 * 60_000;

  @Test
  void nothingIsReportedThatAWholeWorldOfFaultsDoesNotReallyBreak() {
    long looks = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      var world = new World(Plan.draw(seed), Mutant.NONE.fresh(), false);
      var lasting = new ArrayList<Broken>();
      var before = new HashSet<Broken>();
      var count = new long[1];
      world.every(
          BETWEEN_LOOKS,
          () -> {
            var now = look(world);
            now.stream().filter(before::contains).forEach(lasting::add);
            before.clear();
            before.addAll(now);
            count[0]++;
          });
      var result = world.run();
      assertThat(result.violation()).as("seed %d", seed).isEmpty();
      assertThat(lasting).as("lasting in seed %d", seed).isEmpty();
      assertThat(look(world)).as("at the end of seed %d", seed).isEmpty();
      looks += count[0];
    }
    assertThat(looks).isGreaterThan(SEEDS * 10);
  }

  private static Set<Broken> look(World world) {
    var platform = new Quiet(world);
    var check =
        new StoredStateCheck(platform, Control.on(platform, new DecisionLog(line -> {})), false);
    var found = new HashSet<Broken>();
    var after = Optional.<String>empty();
    do {
      var page = check.all(after, 100);
      page.broken().stream().filter(b -> !isDamage(b)).forEach(found::add);
      after = Optional.ofNullable(page.next());
    } while (after.isPresent());
    return found;
  }

  /** Objects are really damaged in these worlds, and the check is right to say so. */
  private static boolean isDamage(Broken b) {
    return b.invariant().equals("INV-2") && b.detail().matches("the pointer's step \\d+: .*");
  }

  /** The world's rows and objects themselves, without its faults. */
  private record Quiet(World world) implements Platform {
    @Override
    public String variable(String name) {
      return SimPlatform.VARIABLES.get(name);
    }

    @Override
    public Store store() {
      return world.rows;
    }

    @Override
    public Bucket bucket(String nameVariable) {
      return world.objects;
    }

    @Override
    public InstantSource clock() {
      return world.engine::instant;
    }

    @Override
    public Queue queue(String urlVariable) {
      throw new UnsupportedOperationException("a check sends nothing");
    }

    @Override
    public Bus bus(String nameVariable) {
      throw new UnsupportedOperationException("a check announces nothing");
    }

    @Override
    public JobCredentials credentials(String bucketVariable, String roleVariable) {
      throw new UnsupportedOperationException("a check needs no credentials");
    }

    @Override
    public List<Provider> providers() {
      return List.of();
    }

    @Override
    public Entropy entropy() {
      return world.entropy;
    }

    @Override
    public void pause(Duration time) {}
  }
}
