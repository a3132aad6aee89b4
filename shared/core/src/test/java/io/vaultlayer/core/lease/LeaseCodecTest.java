package io.vaultlayer.core.lease;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.vaultlayer.core.job.Edge;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.job.Outcome;
import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Item;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class LeaseCodecTest {
  private static final int LEASES = 1000;
  private static final Path ROOT = Path.of(System.getProperty("vaultlayer.root"));
  private static final JobId JOB = JobId.make(1_763_632_800_000L, new byte[10]);

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
    for (var name : List.of("e", "st", "nl", "run")) {
      var torn = new HashMap<>(whole.attributes());
      torn.remove(name);
      assertThatIllegalStateException()
          .isThrownBy(() -> LeaseCodec.parse(with(whole, torn)))
          .withMessageContaining(name);
      torn.put(name, name.equals("run") ? "" : List.of());
      assertThatIllegalStateException()
          .isThrownBy(() -> LeaseCodec.parse(with(whole, torn)))
          .withMessageContaining(name);
    }
  }

  @Test
  void aLeaseOfTheFirstReleaseIsReadWithWhatItCouldSay() {
    for (long seed = 1; seed <= LEASES; seed++) {
      var lease = Dice.ofTheFirstRelease(seed).lease();
      assertThat(LeaseCodec.parse(Format0.item(lease))).as("seed %s", seed).isEqualTo(lease);
    }
  }

  @Test
  void aRowOfTheFirstReleaseIsReadAndThenStoredInThePresentForm() {
    var row =
        new Item(
            LeaseCodec.key(JOB),
            42,
            Map.ofEntries(
                entry("epoch", 2L),
                entry("state", "running"),
                entry("armed", true),
                entry("policy", Map.of("failover", true, "maxAttempts", 0L)),
                entry("deadline", "2026-11-20T10:00:40.123456Z"),
                entry(
                    "launches",
                    List.of(
                        Map.ofEntries(
                            entry("epoch", 2L),
                            entry("n", 1L),
                            entry("label", "vl-default-" + JOB + "-e2-1"),
                            entry("provider", "local"),
                            entry("gpu", "cpu"),
                            entry("gpuPresent", false),
                            entry("pricing", "spot"),
                            entry("usd", 0.0),
                            entry("beat", 2L),
                            entry("lease", 8L),
                            entry("boot", "ab".repeat(32)),
                            entry("at", "2026-11-20T09:59:00Z"),
                            entry("until", "2026-11-20T10:04:00Z"),
                            entry("instance", "i-1"),
                            entry("machine", "m-1")))),
                entry("nextLaunch", 2L),
                entry("bound", 1L),
                entry("token", "cd".repeat(32)),
                entry(
                    "pointer",
                    Map.of(
                        "step",
                        800L,
                        "epoch",
                        1L,
                        "key",
                        Compact.manifestKey(JOB, 1, 800),
                        "sha256",
                        "ef".repeat(32),
                        "bytes",
                        123L,
                        "files",
                        4L,
                        "at",
                        "2026-11-20T09:58:00Z")),
                entry("earlier", List.of()),
                entry(
                    "run",
                    Map.of(
                        "at",
                        "2026-11-20T09:59:00Z",
                        "started",
                        true,
                        "beat",
                        7L,
                        "phase",
                        "running",
                        "from",
                        800L,
                        "committed",
                        false,
                        "notResumed",
                        false)),
                entry(
                    "counters",
                    Map.of("attempts", 1L, "noProgress", 1L, "neverStarted", 0L, "waits", 0L)),
                entry("journal", List.of())),
            Optional.empty());
    var lease = LeaseCodec.parse(row);
    assertThat(lease.sequence()).isEqualTo(42);
    assertThat(lease.pointer().orElseThrow().manifestSha256()).isEqualTo("ef".repeat(32));
    assertThat(lease.run().owedSince()).isEqualTo(lease.run().startedAt());
    assertThat(lease.boundLaunch().orElseThrow().region()).isEqualTo("unknown");
    assertThat(LeaseCodec.attributes(lease))
        .containsEntry("f", 1L)
        .containsEntry("tok", "zc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc0")
        .containsEntry("cnt", Map.of("a", 1L, "np", 1L))
        .doesNotContainKeys("pol", "due", "gr", "old", "j");
    assertThat(LeaseCodec.parse(StoredForm.item(lease))).isEqualTo(lease);
  }

  @Test
  void aFormatOfALaterReleaseIsRefusedByItsNumber() {
    var whole = StoredForm.item(new Dice(3).lease());
    var later = new HashMap<>(whole.attributes());
    later.put("f", 2L);
    assertThatIllegalStateException()
        .isThrownBy(() -> LeaseCodec.parse(with(whole, later)))
        .withMessageContaining("format 2");
  }

  @Test
  void everyNameOfTheStoredFormStandsOnItsPage() throws IOException {
    var page = Files.readString(ROOT.resolve("docs/lease-format.md"));
    var names = new TreeSet<String>();
    for (long seed = 1; seed <= LEASES; seed++) {
      collect("", LeaseCodec.attributes(new Dice(seed).lease()), names);
    }
    var told =
        Pattern.compile("^\\| `([a-z0-9.]+)` \\|", Pattern.MULTILINE)
            .matcher(page)
            .results()
            .map(r -> r.group(1))
            .toList();
    assertThat(told).containsExactlyInAnyOrderElementsOf(names);
  }

  /** Names with the part they stand in; pointers and launches are told once, wherever they are. */
  private static void collect(String where, Object value, Set<String> names) {
    if (value instanceof List<?> list) {
      list.forEach(v -> collect(where, v, names));
    } else if (value instanceof Map<?, ?> map) {
      var part = where.replaceFirst("^(j\\.cm|j\\.cd)$", "p").replaceFirst("^j\\.cl\\.la$", "la");
      map.forEach((k, v) -> {
        var name = part.isEmpty() ? (String) k : part + "." + k;
        names.add(name);
        collect(name, v, names);
      });
    }
  }

  private static Item with(Item item, HashMap<String, Object> attributes) {
    return new Item(item.key(), item.version(), attributes, item.due());
  }

  /** Leases with anything in any field that a lease lets in. */
  private static final class Dice {
    private final Random random;
    private boolean firstRelease;
    private JobId job;

    /** Leases without what the first release did not know. */
    static Dice ofTheFirstRelease(long seed) {
      var dice = new Dice(seed);
      dice.firstRelease = true;
      return dice;
    }

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
      job = JobId.make(random.nextLong(1L << 48), bytes);
      return job;
    }

    Policy policy() {
      return new Policy(
          random.nextBoolean(),
          number(),
          maybe(this::time),
          firstRelease ? Lease.MOST_EARLIER + 1 : 2 + random.nextInt(6));
    }

    private LaunchRecord launch() {
      int epoch = number();
      int number = number();
      return new LaunchRecord(
          epoch,
          number,
          random.nextBoolean() ? text() : Compact.label("own", job, epoch, number),
          text(),
          firstRelease ? "unknown" : text(),
          text(),
          random.nextBoolean(),
          random.nextBoolean() ? "spot" : "on-demand",
          decimal(),
          number(),
          number(),
          hash(),
          time(),
          time(),
          firstRelease ? Optional.empty() : maybe(this::time),
          maybe(this::text),
          maybe(this::text));
    }

    private Run run() {
      var started = time();
      return new Run(
          started,
          firstRelease ? started : time(),
          random.nextBoolean(),
          random.nextLong(1L << 50),
          text(),
          maybe(this::step),
          firstRelease ? Optional.empty() : maybe(this::time),
          firstRelease ? Optional.empty() : maybe(this::step),
          maybe(this::step),
          maybe(this::decimal),
          maybe(this::decimal),
          maybe(this::time),
          maybe(this::step),
          random.nextBoolean(),
          random.nextBoolean(),
          firstRelease ? Optional.empty() : maybe(this::time),
          !firstRelease && random.nextBoolean(),
          firstRelease ? Optional.empty() : maybe(this::text));
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
          maybe(this::pointer),
          firstRelease || random.nextBoolean() ? List.of() : List.of(text(), text()));
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
          maybe(this::step),
          !firstRelease && random.nextBoolean());
    }

    private Pointer pointer() {
      long step = step();
      int epoch = number();
      return new Pointer(
          step,
          epoch,
          random.nextBoolean() ? text() : Compact.manifestKey(job, epoch, step),
          random.nextBoolean() ? text() : hash().hex(),
          step(),
          random.nextBoolean() ? 4 : number(),
          time());
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
