package io.vaultlayer.core.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Item;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class LeaseCodecTest {
  private static final int LEASES = 1000;

  @Test
  void anyLeaseIsReadAsItWasWritten() {
    for (long seed = 1; seed <= LEASES; seed++) {
      var lease = new Dice(seed).lease();
      assertThat(LeaseCodec.parse(StoredForm.item(lease))).as("seed %s", seed).isEqualTo(lease);
    }
  }

  @Test
  void aStoreWithOneKindOfNumberChangesNothing() {
    for (long seed = 1; seed <= LEASES; seed++) {
      var lease = new Dice(seed).lease();
      assertThat(LeaseCodec.parse(StoredForm.itemOfOneKindOfNumber(lease)))
          .as("seed %s", seed)
          .isEqualTo(lease);
    }
  }

  @Test
  void whatIsOwedStandsInTheIndexOfDueWork() {
    var lease = Submission.lease(new Dice(1).job(), Instant.EPOCH, new Dice(1).policy());
    assertThat(LeaseCodec.due(lease))
        .contains(new Due(LeaseCodec.DUE, Instant.EPOCH.plus(Submission.UPLOAD_LIMIT)));
  }

  @Test
  void aRowThatLacksAFieldOrHasAnotherKindOfItIsRefusedByName() {
    var whole = StoredForm.item(new Dice(2).lease());
    for (var name : List.of("epoch", "state", "nextLaunch")) {
      var torn = new HashMap<>(whole.attributes());
      torn.remove(name);
      assertThatIllegalStateException()
          .isThrownBy(() -> LeaseCodec.parse(with(whole, torn)))
          .withMessageContaining(name);
      torn.put(name, List.of());
      assertThatIllegalStateException()
          .isThrownBy(() -> LeaseCodec.parse(with(whole, torn)))
          .withMessageContaining(name);
    }
  }

  private static Item with(Item item, HashMap<String, Object> attributes) {
    return new Item(item.key(), item.version(), attributes, item.due());
  }

  /** Leases with anything in any field that a lease lets in. */
  private static final class Dice {
    private final Random random;

    Dice(long seed) {
      random = new Random(seed * 0x9E3779B97F4A7C15L);
    }

    Lease lease() {
      var state = JobState.values()[random.nextInt(JobState.values().length)];
      return new Lease(
          job(),
          1 + random.nextLong(1L << 40),
          number(),
          state,
          random.nextBoolean(),
          policy(),
          state.isFinal() ? maybe(this::time) : Optional.of(time()),
          maybe(this::time),
          maybe(this::time),
          maybe(this::time),
          maybe(() -> new Claim(text(), time())),
          many(this::launch),
          number(),
          maybe(this::number),
          state.isFinal() ? Optional.empty() : maybe(this::hash),
          maybe(this::pointer),
          many(this::pointer),
          run(),
          new Counters(number(), number(), number(), number()),
          maybe(this::text),
          state.isFinal() ? Optional.of(text()) : maybe(this::text),
          maybe(this::text),
          maybe(() -> number() - 100),
          maybe(this::time),
          many(this::entry));
    }

    JobId job() {
      var bytes = new byte[10];
      random.nextBytes(bytes);
      return JobId.make(random.nextLong(1L << 48), bytes);
    }

    Policy policy() {
      return new Policy(random.nextBoolean(), number(), maybe(this::time));
    }

    private LaunchRecord launch() {
      return new LaunchRecord(
          number(),
          number(),
          text(),
          text(),
          text(),
          text(),
          random.nextBoolean(),
          random.nextBoolean() ? "spot" : "on-demand",
          decimal(),
          number(),
          number(),
          hash(),
          time(),
          time(),
          maybe(this::time),
          maybe(this::text),
          maybe(this::text));
    }

    private Run run() {
      return new Run(
          time(),
          time(),
          random.nextBoolean(),
          random.nextLong(1L << 50),
          text(),
          maybe(this::step),
          maybe(this::time),
          maybe(this::step),
          maybe(this::decimal),
          maybe(this::decimal),
          maybe(this::time),
          maybe(this::step),
          random.nextBoolean(),
          random.nextBoolean(),
          maybe(this::time),
          random.nextBoolean());
    }

    private JournalEntry entry() {
      return new JournalEntry(
          step(),
          time(),
          number(),
          JobState.values()[random.nextInt(JobState.values().length)],
          JobState.values()[random.nextInt(JobState.values().length)],
          Edge.values()[random.nextInt(Edge.values().length)],
          text(),
          maybe(this::closed),
          maybe(this::pointer),
          maybe(this::pointer));
    }

    private ClosedAttempt closed() {
      return new ClosedAttempt(
          number(),
          maybe(this::launch),
          time(),
          time(),
          Outcome.values()[random.nextInt(Outcome.values().length)],
          text(),
          maybe(this::step),
          maybe(this::step),
          maybe(this::step));
    }

    private Pointer pointer() {
      return new Pointer(step(), number(), text(), text(), step(), number(), time());
    }

    private TokenHash hash() {
      return TokenHash.of("token " + random.nextLong());
    }

    private int number() {
      return 1 + random.nextInt(random.nextBoolean() ? 4 : 1 << 30);
    }

    private long step() {
      return random.nextLong(random.nextBoolean() ? 4 : 1L << 53);
    }

    private double decimal() {
      return random.nextInt(4) == 0 ? random.nextInt(100) : random.nextGaussian() * 1e3;
    }

    private Instant time() {
      return Instant.ofEpochSecond(
          random.nextLong(4_000_000_000L),
          random.nextBoolean() ? 0 : random.nextInt(1_000_000_000));
    }

    private String text() {
      return List.of("", "a", "exit code 137", "Zeichen ü 漢 \"'\n\t\u0000 \\")
          .get(random.nextInt(4));
    }

    private <T> Optional<T> maybe(Supplier<T> value) {
      return random.nextBoolean() ? Optional.of(value.get()) : Optional.empty();
    }

    private <T> List<T> many(Supplier<T> value) {
      var all = new ArrayList<T>();
      for (int i = random.nextInt(4); i > 0; i--) {
        all.add(value.get());
      }
      return all;
    }
  }
}
