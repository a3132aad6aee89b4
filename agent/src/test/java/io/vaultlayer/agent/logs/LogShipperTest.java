package io.vaultlayer.agent.logs;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.lease.Clocks;
import io.vaultlayer.agent.note.AgentLog;
import io.vaultlayer.agent.s3.LoopbackBucket;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.system.HostClocks;
import io.vaultlayer.wire.BucketLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogShipperTest {
  private static final Duration LONG = Duration.ofMinutes(3);

  @TempDir Path directory;
  private final Stop stop = new Stop();
  private final AtomicBoolean allowed = new AtomicBoolean(true);
  private LoopbackBucket bucket;
  private Path output;
  private LogShipper shipper;

  @BeforeEach
  void start() throws IOException {
    bucket = new LoopbackBucket();
    output = directory.resolve("output.log");
    Clocks clocks = new HostClocks();
    shipper =
        new LogShipper(
            new LogShipper.Parts(
                "job_1",
                1,
                output,
                bucket.store(stop),
                allowed::get,
                () -> 2,
                clocks,
                new AgentLog(directory.resolve("agent.log"), () -> Instant.EPOCH)));
    shipper.start();
  }

  @AfterEach
  void end() {
    shipper.stop();
    bucket.close();
  }

  private void print(String text) throws IOException {
    Files.writeString(output, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private List<String> pieces() {
    return bucket.objects().values().stream()
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
        .toList();
  }

  private void awaitPieces(int count) {
    Awaitility.await().atMost(LONG).until(() -> pieces().size() >= count);
  }

  @Test
  void wholeLinesGoAtOnceAndAHalfOneAfterAWhile() throws Exception {
    print("one\ntwo\nhal");
    awaitPieces(1);
    assertThat(pieces()).containsExactly("one\ntwo\n");
    awaitPieces(2);
    assertThat(pieces()).containsExactly("one\ntwo\n", "hal");
    print("f\n");
    assertThat(shipper.finish(LONG)).isTrue();
    assertThat(pieces()).containsExactly("one\ntwo\n", "hal", "f\n");
  }

  @Test
  void nothingIsSentWhileTheLeaseIsInDoubt() throws Exception {
    allowed.set(false);
    print("line\n");
    Thread.sleep(300);
    assertThat(bucket.calls()).isEmpty();
    assertThat(shipper.finish(Duration.ofMillis(200))).isFalse();
    allowed.set(true);
    assertThat(shipper.finish(LONG)).isTrue();
    assertThat(pieces()).containsExactly("line\n");
  }

  @Test
  void aNumberThatSomebodyTookIsPassedOver() throws Exception {
    bucket.objects().put(BucketLayout.log("job_1", 1, 1), "stranger".getBytes());
    print("mine\n");
    assertThat(shipper.finish(LONG)).isTrue();
    assertThat(pieces()).containsExactly("stranger", "mine\n");
  }

  @Test
  void brokenConnectionsLostAnswersAndBusyStoresCostNoByte() throws Exception {
    var chance = new Random(7);
    // A store that has said once that it knows no checksums can damage a body unnoticed.
    var menu = EnumSet.complementOf(EnumSet.of(LoopbackBucket.Fault.NO_CHECKSUMS));
    var faults = menu.toArray(LoopbackBucket.Fault[]::new);
    bucket.faults(call ->
        chance.nextInt(3) > 0 ? LoopbackBucket.Fault.NONE : faults[chance.nextInt(faults.length)]);
    var expected = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      String text = "line " + i + " caf\u00e9 " + "x".repeat(chance.nextInt(4000)) + "\n";
      expected.append(text);
      print(text);
      Thread.sleep(20);
    }
    Awaitility.await().atMost(LONG).until(() -> shipper.finish(Duration.ofSeconds(1)));
    assertThat(String.join("", pieces())).isEqualTo(expected.toString());
  }

  @Test
  void aPieceIsAtMostTwoMebibytesAndCutsNoCharacter() throws Exception {
    print("\u20ac".repeat(1_600_000));
    assertThat(shipper.finish(LONG)).isTrue();
    assertThat(bucket.objects().values())
        .allMatch(bytes -> bytes.length <= LogShipper.MOST_PIECE_BYTES);
    assertThat(pieces()).hasSizeGreaterThan(2).allMatch(piece -> piece.matches("\u20ac+"));
    assertThat(String.join("", pieces())).hasSize(1_600_000);
  }

  @Test
  void whereThereIsNoTimeForAllTheLastWordsGoBehindALineThatSaysWhatIsMissing() throws Exception {
    allowed.set(false);
    var lines = new StringBuilder();
    for (int i = 0; lines.length() < 5_000_000; i++) {
      lines.append("line ").append(i).append('\n');
    }
    print(lines + "the last words\n");
    assertThat(shipper.finish(Duration.ofMillis(100))).isFalse();
    shipper.tailOnly();
    allowed.set(true);
    assertThat(shipper.finish(LONG)).isTrue();
    String all = String.join("", pieces());
    assertThat(all).startsWith("\n[vaultlayer] 39").contains("bytes of output are left out here");
    assertThat(all).endsWith("the last words\n").hasSizeLessThan(1_100_000);
    String tail = all.substring(all.indexOf('\n', 1) + 1);
    assertThat(lines + "the last words\n").endsWith(tail);
    assertThat(tail).startsWith("line ");
  }

  @Test
  void afterAStopNothingIsSent() throws Exception {
    shipper.stop();
    stop.pull();
    print("late\n");
    assertThat(shipper.finish(LONG)).isFalse();
    assertThat(bucket.objects()).isEmpty();
  }
}
