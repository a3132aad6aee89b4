package io.vaultlayer.testkit.suite;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.vaultlayer.core.port.Bucket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Objects, listings and presigned URLs. */
public abstract class BucketSuite {
  private Bucket bucket;

  /** An empty bucket; asked for once before each test. */
  protected abstract Bucket bucket() throws Exception;

  /** False for an emulator that accepts any signature; the checks of it are then skipped. */
  protected abstract boolean checksSignatures();

  /** Sends the body to the URL; true when it was accepted. */
  protected boolean put(URI url, byte[] body) throws Exception {
    var request = HttpRequest.newBuilder(url).PUT(HttpRequest.BodyPublishers.ofByteArray(body));
    return send(request).statusCode() == 200;
  }

  /** The body behind the URL; empty when it was not given. */
  protected Optional<byte[]> get(URI url) throws Exception {
    var answer = send(HttpRequest.newBuilder(url).GET());
    return answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
  }

  /** Lets this much time pass, at least. */
  protected abstract void pass(Duration time) throws Exception;

  @BeforeEach
  void openBucket() throws Exception {
    bucket = bucket();
  }

  @Test
  void anObjectsDigestIsThatOfItsBytes() {
    assertThat(bucket.sha256("jobs/a/digest")).isEmpty();
    bucket.putIfAbsent("jobs/a/digest", bytes("abc"));
    assertThat(bucket.sha256("jobs/a/digest"))
        .contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }

  @Test
  void whatWasNeverWrittenIsNotThere() {
    assertThat(bucket.head("jobs/a/none")).isEmpty();
    assertThat(bucket.read("jobs/a/none", 10)).isEmpty();
    assertThat(bucket.list("jobs/a/", Optional.empty(), 10).objects()).isEmpty();
  }

  @Test
  void anObjectIsCreatedOnceAndNeverOverwritten() {
    assertThat(bucket.putIfAbsent("jobs/a/x", bytes("first"))).isTrue();
    assertThat(bucket.putIfAbsent("jobs/a/x", bytes("second"))).isFalse();
    assertThat(bucket.read("jobs/a/x", 100)).hasValue(bytes("first"));
    assertThat(bucket.head("jobs/a/x").orElseThrow().bytes()).isEqualTo(5);
    assertThat(bucket.head("jobs/a/x").orElseThrow().key()).isEqualTo("jobs/a/x");
  }

  @Test
  void ofManyCreatorsOfOneObjectExactlyOneWins() throws Exception {
    try (var threads = Executors.newFixedThreadPool(6)) {
      var tasks =
          IntStream.range(0, 6)
              .<Callable<Boolean>>mapToObj(i -> () -> bucket.putIfAbsent("k", bytes("w" + i)))
              .toList();
      int wins = 0;
      for (var future : threads.invokeAll(tasks)) {
        wins += future.get() ? 1 : 0;
      }
      assertThat(wins).isEqualTo(1);
    }
  }

  @Test
  void anObjectLongerThanAskedForIsRefused() {
    bucket.putIfAbsent("k", bytes("12345"));
    assertThat(bucket.read("k", 5)).hasValue(bytes("12345"));
    assertThatIllegalStateException().isThrownBy(() -> bucket.read("k", 4));
  }

  @Test
  void emptyObjectsAndOddNamesAreObjectsToo() {
    assertThat(bucket.putIfAbsent("empty", new byte[0])).isTrue();
    assertThat(bucket.read("empty", 0)).hasValue(new byte[0]);
    var odd = "jobs/a/Grüße world+plus %41 (1)&=.txt";
    assertThat(bucket.putIfAbsent(odd, bytes("odd"))).isTrue();
    assertThat(bucket.read(odd, 10)).hasValue(bytes("odd"));
    assertThat(bucket.list("jobs/a/", Optional.empty(), 10).objects())
        .extracting(Bucket.ObjectInfo::key)
        .containsExactly(odd);
  }

  @Test
  void aListingIsInOrderAndReadPageByPage() {
    var keys = List.of("p/0", "p/1/a", "p/1/b", "p/10", "p/2", "p/_manifest.json", "p/z");
    keys.reversed().forEach(key -> bucket.putIfAbsent(key, bytes(key)));
    bucket.putIfAbsent("q/other", bytes("x"));
    for (int limit : new int[] {1, 3, 1000}) {
      var got = new ArrayList<String>();
      Optional<String> after = Optional.empty();
      do {
        var page = bucket.list("p/", after, limit);
        assertThat(page.objects().size()).isLessThanOrEqualTo(limit);
        page.objects().forEach(object -> got.add(object.key()));
        after = page.next();
      } while (after.isPresent() && got.size() <= keys.size());
      assertThat(got).containsExactlyElementsOf(keys);
    }
    assertThat(bucket.list("p/", Optional.of("p/10"), 10).objects())
        .extracting(Bucket.ObjectInfo::key)
        .containsExactly("p/2", "p/_manifest.json", "p/z");
    assertThat(bucket.list("p/1", Optional.empty(), 10).objects())
        .extracting(Bucket.ObjectInfo::bytes)
        .containsExactly(5L, 5L, 4L);
  }

  @Test
  void limitsOfAListingAreHeld() {
    for (int wrong : new int[] {0, Bucket.MOST_KEYS + 1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> bucket.list("", Optional.empty(), wrong));
    }
  }

  @Test
  void deletedObjectsAreGoneAndAbsentOnesAreNoError() {
    bucket.putIfAbsent("d/1", bytes("1"));
    bucket.putIfAbsent("d/2", bytes("2"));
    bucket.putIfAbsent("d/3", bytes("3"));
    bucket.delete(List.of("d/1", "d/never", "d/3"));
    bucket.delete(List.of());
    assertThat(bucket.list("d/", Optional.empty(), 10).objects())
        .extracting(Bucket.ObjectInfo::key)
        .containsExactly("d/2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bucket.delete(IntStream.range(0, 1001).mapToObj(i -> "k" + i).toList()));
  }

  @Test
  void aPresignedUrlPutsAndGetsOneObject() throws Exception {
    var body = bytes("the work directory");
    var url = bucket.presignPut("jobs/a/workdir/1.tar.gz", body.length, Duration.ofMinutes(15));
    assertThat(put(url, body)).isTrue();
    assertThat(bucket.read("jobs/a/workdir/1.tar.gz", 100)).hasValue(body);
    var got = get(bucket.presignGet("jobs/a/workdir/1.tar.gz", Duration.ofMinutes(15)));
    assertThat(got).hasValue(body);
  }

  @Test
  void aPresignedUrlIsGoodForItsKeyMethodAndSizeOnly() throws Exception {
    Assumptions.assumeTrue(checksSignatures(), "this emulator accepts any signature");
    var url = bucket.presignPut("jobs/a/w", 5, Duration.ofMinutes(15));
    assertThat(put(url, bytes("123456"))).isFalse();
    assertThat(put(url, bytes("1234"))).isFalse();
    assertThat(get(url)).isEmpty();
    var other = URI.create(url.toString().replace("jobs/a/w", "jobs/b/w"));
    assertThat(put(other, bytes("12345"))).isFalse();
    assertThat(bucket.list("jobs/", Optional.empty(), 10).objects()).isEmpty();
    assertThat(put(url, bytes("12345"))).isTrue();
  }

  @Test
  void aPresignedUrlExpires() throws Exception {
    Assumptions.assumeTrue(checksSignatures(), "this emulator accepts any signature");
    bucket.putIfAbsent("k", bytes("x"));
    var url = bucket.presignGet("k", Duration.ofSeconds(2));
    assertThat(get(url)).isPresent();
    pass(Duration.ofSeconds(4));
    assertThat(get(url)).isEmpty();
  }

  private static HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      return client.send(
          request.timeout(Duration.ofSeconds(20)).build(), HttpResponse.BodyHandlers.ofByteArray());
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
