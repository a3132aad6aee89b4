package io.vaultlayer.agent.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.agent.s3.LoopbackBucket.Fault;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class S3ObjectsTest {
  private final Stop stop = new Stop();
  private LoopbackBucket bucket;
  private S3Objects store;

  @TempDir Path directory;

  @BeforeEach
  void start() throws IOException {
    bucket = new LoopbackBucket();
    store = bucket.store(stop);
  }

  @AfterEach
  void end() {
    bucket.close();
  }

  @Test
  void readsBackWhatItStored() throws Exception {
    store.put("a/ü b+c%.txt", Body.of(bytes(5)));
    assertThat(store.read("a/ü b+c%.txt", 10)).isEqualTo(bytes(5));
    assertThat(bucket.objects()).containsOnlyKeys("a/ü b+c%.txt");
  }

  @Test
  void storesAnEmptyObject() throws Exception {
    store.putIfAbsent("empty", Body.of(new byte[0]));
    assertThat(store.head("empty").orElseThrow().bytes()).isZero();
  }

  @Test
  void tellsAnAbsentObjectFromAnUnreachableStore() throws Exception {
    assertThat(store.head("nothing")).isEmpty();
    assertThatThrownBy(() -> store.read("nothing", 10)).isInstanceOf(StoreException.NotThere.class);
    bucket.faults(call -> Fault.SERVER_ERROR);
    assertThatThrownBy(() -> store.head("nothing")).isInstanceOf(StoreException.Unreachable.class);
  }

  @Test
  void refusesToReadMoreThanItWasAllowed() {
    bucket.objects().put("big", bytes(11));
    assertThatThrownBy(() -> store.read("big", 10)).isInstanceOf(StoreException.WrongSize.class);
  }

  @Test
  void createsOnlyWhereNothingIs() throws Exception {
    store.putIfAbsent("k", Body.of(bytes(1)));
    assertThatThrownBy(() -> store.putIfAbsent("k", Body.of(bytes(2))))
        .isInstanceOf(StoreException.AlreadyThere.class);
    assertThat(bucket.objects().get("k")).hasSize(1);
  }

  @Test
  void meetsItsOwnObjectAfterALostAnswer() {
    once("PUT", Fault.LOST_ANSWER);
    assertThatThrownBy(() -> store.putIfAbsent("k", Body.of(bytes(3))))
        .isInstanceOf(StoreException.AlreadyThere.class);
    assertThat(bucket.objects().get("k")).isEqualTo(bytes(3));
  }

  @Test
  void triesAgainOnServerErrorsSlowDownsAndCuts() throws Exception {
    var faults = new ArrayList<>(List.of(Fault.SERVER_ERROR, Fault.SLOW_DOWN, Fault.CUT));
    bucket.faults(call -> faults.isEmpty() ? Fault.NONE : faults.removeFirst());
    store.put("k", Body.of(bytes(100_000)));
    assertThat(bucket.objects().get("k")).isEqualTo(bytes(100_000));
    assertThat(bucket.count("PUT", "k")).isEqualTo(4);
  }

  @Test
  void givesUpAfterItsTries() {
    bucket.faults(call -> Fault.SERVER_ERROR);
    assertThatThrownBy(() -> store.put("k", Body.of(bytes(1))))
        .isInstanceOf(StoreException.Unreachable.class)
        .hasMessageContaining("500 InternalError");
    assertThat(bucket.calls()).hasSize(5);
  }

  @Test
  void doesNotTryAgainWhatIsRefused() {
    bucket.faults(call -> Fault.REFUSED);
    assertThatThrownBy(() -> store.put("k", Body.of(bytes(1))))
        .isInstanceOf(StoreException.AccessRefused.class)
        .hasMessageContaining("AccessDenied");
    assertThat(bucket.calls()).hasSize(1);
  }

  /** S3 answers 400 then, and to a HEAD without saying why. */
  @Test
  void tellsATokenThatIsOverFromARequestThatIsWrong() {
    var old = bucket.credentials();
    var refused = new ArrayList<S3Credentials>();
    var source =
        new CredentialSource() {
          @Override
          public S3Credentials current() {
            return old;
          }

          @Override
          public void refused(S3Credentials these) {
            refused.add(these);
          }
        };
    var late = new S3Objects(source, stop);
    bucket.accept("AKNEXT");
    assertThatThrownBy(() -> late.putIfAbsent("k", Body.of(bytes(1))))
        .isInstanceOf(StoreException.AccessRefused.class)
        .hasMessageContaining("ExpiredToken");
    assertThatThrownBy(() -> late.head("k")).isInstanceOf(StoreException.AccessRefused.class);
    assertThatThrownBy(() -> late.read("k", 5)).isInstanceOf(StoreException.AccessRefused.class);
    assertThat(refused).as("told, so that others are asked for").containsOnly(old).hasSize(3);
  }

  @Test
  void hearsARefusalThatWasSentBeforeItsBodyWasRead() {
    bucket.faults(call -> Fault.REFUSED_UNREAD);
    assertThatThrownBy(() -> store.put("k", Body.of(bytes(32 << 20))))
        .isInstanceOf(StoreException.AccessRefused.class)
        .hasMessageContaining("AccessDenied");
    assertThat(bucket.count("PUT", "k")).isLessThanOrEqualTo(2);
  }

  @Test
  void takesRenewedCredentialsInTheMiddleOfItsTries() throws Exception {
    var asked = new AtomicInteger();
    var renewing =
        new S3Objects(
            () -> bucket.credentials(asked.getAndIncrement() == 0 ? "OLD" : "AKLOOPBACK1"), stop);
    renewing.put("k", Body.of(bytes(1)));
    assertThat(bucket.objects()).containsKey("k");
  }

  @Test
  void setsItsClockByTheStore() throws Exception {
    var early = bucket.store(stop, -5_000);
    early.put("k", Body.of(bytes(1)));
    early.put("l", Body.of(bytes(1)));
    assertThat(bucket.objects()).containsKeys("k", "l");
    assertThat(bucket.calls()).as("the second needs no correction").hasSize(3);
  }

  @Test
  void goesOnReadingWhereTheConnectionBroke() throws Exception {
    byte[] content = bytes(1_000_000);
    bucket.objects().put("k", content);
    var left = new AtomicInteger(3);
    bucket.faults(call -> left.getAndDecrement() > 0 ? Fault.CUT_ANSWER : Fault.NONE);
    Path file = directory.resolve("f");
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      store.readInto((piece, at) -> channel.write(piece, at), "k", 0, content.length);
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(content);
    assertThat(bucket.count("GET", "k")).isEqualTo(4);
  }

  @Test
  void readsARangeIntoItsPlace() throws Exception {
    byte[] content = bytes(1000);
    bucket.objects().put("k", content);
    Path file = directory.resolve("f");
    Files.write(file, new byte[1000]);
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      store.readInto((piece, at) -> channel.write(piece, at), "k", 400, 100);
    }
    byte[] got = Files.readAllBytes(file);
    assertThat(java.util.Arrays.copyOfRange(got, 400, 500))
        .isEqualTo(java.util.Arrays.copyOfRange(content, 400, 500));
    assertThat(got[399]).isZero();
    assertThat(got[500]).isZero();
  }

  @Test
  void saysWhenAnObjectIsShorterThanAsked() throws Exception {
    bucket.objects().put("k", bytes(10));
    try (var channel =
        FileChannel.open(
            directory.resolve("f"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      assertThatThrownBy(() -> store.readInto((piece, at) -> channel.write(piece, at), "k", 0, 11))
          .isInstanceOf(StoreException.WrongSize.class)
          .hasMessageContaining("ends at byte 10");
    }
  }

  @Test
  void listsInPages() throws Exception {
    for (int i = 0; i < 5; i++) {
      bucket.objects().put("p/<&>" + i, bytes(i));
    }
    bucket.objects().put("q/0", bytes(1));
    var first = store.list("p/", Optional.empty(), 3);
    assertThat(first.objects())
        .extracting(ObjectStore.ObjectInfo::key)
        .containsExactly("p/<&>0", "p/<&>1", "p/<&>2");
    var second = store.list("p/", first.next(), 3);
    assertThat(second.objects()).hasSize(2);
    assertThat(second.next()).isEmpty();
  }

  @Test
  void putsPartsTogether() throws Exception {
    String id = store.createMultipart("k");
    var parts = new ArrayList<ObjectStore.Part>();
    parts.add(store.uploadPart("k", id, 1, Body.of(bytes(3))));
    parts.add(store.uploadPart("k", id, 2, Body.of(bytes(2))));
    store.completeMultipart("k", id, parts, true);
    assertThat(bucket.objects().get("k")).hasSize(5);
    store.abortMultipart("k", id);
    String second = store.createMultipart("k");
    var again = List.of(store.uploadPart("k", second, 1, Body.of(bytes(1))));
    assertThatThrownBy(() -> store.completeMultipart("k", second, again, true))
        .isInstanceOf(StoreException.AlreadyThere.class);
  }

  @Test
  void meetsNoUploadAfterALostAnswerToItsCompletion() throws Exception {
    String id = store.createMultipart("k");
    var parts = List.of(store.uploadPart("k", id, 1, Body.of(bytes(3))));
    once("POST", Fault.LOST_ANSWER);
    assertThatThrownBy(() -> store.completeMultipart("k", id, parts, true))
        .isInstanceOf(StoreException.NotThere.class);
    assertThat(bucket.objects().get("k")).hasSize(3);
  }

  @Test
  void sendsNothingOnceStopped() {
    stop.pull();
    assertThatThrownBy(() -> store.put("k", Body.of(bytes(1))))
        .isInstanceOf(StoreException.Stopped.class);
    assertThat(bucket.calls()).isEmpty();
  }

  @Test
  void cutsABodyInFlightWhenStopped() {
    var endless =
        new Body() {
          @Override
          public long bytes() {
            return 10 << 20;
          }

          @Override
          public void writeTo(WritableByteChannel out) throws IOException {
            out.write(ByteBuffer.wrap(new byte[1 << 20]));
            stop.pull();
            out.write(ByteBuffer.wrap(new byte[9 << 20]));
          }
        };
    assertThatThrownBy(() -> store.put("k", endless)).isInstanceOf(StoreException.Stopped.class);
    assertThat(bucket.objects()).isEmpty();
  }

  @Test
  void doesNotTryAgainWhenTheFileCannotBeRead() {
    var broken =
        new Body() {
          @Override
          public long bytes() {
            return 10;
          }

          @Override
          public void writeTo(WritableByteChannel out) throws IOException {
            throw new StoreException.SourceBroken("gone", null);
          }
        };
    assertThatThrownBy(() -> store.put("k", broken))
        .isInstanceOf(StoreException.SourceBroken.class);
    assertThat(bucket.objects()).isEmpty();
  }

  @Test
  void keepsSecretsOutOfItsErrors() {
    bucket.faults(call -> Fault.REFUSED);
    assertThatThrownBy(() -> store.createMultipart("k"))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("token-of", "not/a+secret"));
  }

  private void once(String method, Fault fault) {
    var left = new AtomicInteger(1);
    bucket.faults(
        call -> call.method().equals(method) && left.getAndDecrement() > 0 ? fault : Fault.NONE);
  }

  static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }
}
