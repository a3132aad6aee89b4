package io.vaultlayer.agent.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * The worked examples of "Signature Calculations for the Authorization Header", Amazon S3 API
 * Reference.
 */
class SignerTest {
  private static final Signer.Identity EXAMPLE =
      new Signer.Identity(
          "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", null, "us-east-1");
  private static final long WHEN = Instant.parse("2013-05-24T00:00:00Z").getEpochSecond();
  private static final String EMPTY = Hex.of(Hex.sha256(new byte[0]));

  @Test
  void getsARangeAsTheManualDoes() {
    assertThat(signature("GET", "/test.txt", Map.of(), Map.of("range", "bytes=0-9"), EMPTY))
        .isEqualTo("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  }

  @Test
  void putsAnObjectAsTheManualDoes() {
    String payload = Hex.of(Hex.sha256("Welcome to Amazon S3.".getBytes()));
    assertThat(
            signature(
                "PUT",
                "/" + Signer.encode("test$file.text", true),
                Map.of(),
                Map.of(
                    "date",
                    "Fri, 24 May 2013 00:00:00 GMT",
                    "x-amz-storage-class",
                    "REDUCED_REDUNDANCY"),
                payload))
        .isEqualTo("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  }

  @Test
  void signsAQueryWithoutValueAsTheManualDoes() {
    assertThat(signature("GET", "/", Map.of("lifecycle", ""), Map.of(), EMPTY))
        .isEqualTo("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  }

  @Test
  void listsAsTheManualDoes() {
    assertThat(signature("GET", "/", Map.of("max-keys", "2", "prefix", "J"), Map.of(), EMPTY))
        .isEqualTo("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  }

  @Test
  void encodesEverythingButUnreservedCharactersAndSlashes() {
    assertThat(Signer.encode("a b/ü+~*'()=&", true))
        .isEqualTo("a%20b/%C3%BC%2B~%2A%27%28%29%3D%26");
    assertThat(Signer.encode("a/b", false)).isEqualTo("a%2Fb");
  }

  @Test
  void sendsTheSessionTokenSigned() {
    var identity = new Signer.Identity("AK", "secret", "the-token", "us-east-1");
    var headers =
        Signer.sign(
            new Signer.Request("GET", "h", "/", new TreeMap<>(), new TreeMap<>(), EMPTY),
            identity,
            WHEN);
    assertThat(headers).containsEntry("x-amz-security-token", "the-token");
    assertThat(headers.get("authorization")).contains("x-amz-date;x-amz-security-token,");
  }

  private static String signature(
      String method,
      String path,
      Map<String, String> query,
      Map<String, String> headers,
      String payload) {
    var request =
        new Signer.Request(
            method,
            "examplebucket.s3.amazonaws.com",
            path,
            new TreeMap<>(query),
            new TreeMap<>(headers),
            payload);
    String authorization = Signer.sign(request, EXAMPLE, WHEN).get("authorization");
    return authorization.substring(authorization.indexOf("Signature=") + "Signature=".length());
  }
}
