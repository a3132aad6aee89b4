package io.vaultlayer.cli.plane;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against vectors of AWS's published Signature Version 4 test suite. */
class AwsSignatureTest {
  private static final AwsCredentials KEY =
      new AwsCredentials(
          "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Optional.empty());
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2015-08-30T12:36:00Z"), ZoneOffset.UTC);

  private static AwsSignature signature(AwsCredentials key) {
    return new AwsSignature(Optional.ofNullable(key), "us-east-1", CLOCK, "service");
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/,5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    "POST,/,5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    "GET,/?Param2=value2&Param1=value1,"
        + "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
  })
  void signsTheVanillaRequests(String method, String path, String expected) {
    var headers =
        signature(KEY)
            .headers(method, URI.create("https://example.amazonaws.com" + path), new byte[0]);
    assertThat(headers)
        .containsEntry("X-Amz-Date", "20150830T123600Z")
        .containsEntry(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
                + " SignedHeaders=host;x-amz-date, Signature="
                + expected);
  }

  @Test
  void aSessionTokenIsSentAndSigned() {
    var key = new AwsCredentials("A", "B", Optional.of("token"));
    var headers = signature(key).headers("GET", URI.create("https://h/v1/jobs"), new byte[0]);
    assertThat(headers).containsEntry("X-Amz-Security-Token", "token");
    assertThat(headers.get("Authorization"))
        .contains("SignedHeaders=host;x-amz-date;x-amz-security-token");
    assertThat(key.toString()).doesNotContain("B", "token");
  }

  @Test
  void withoutCredentialsNothingIsSigned() {
    assertThat(signature(null).headers("GET", URI.create("https://h/"), new byte[0])).isEmpty();
  }

  @Test
  void theRegionIsTheEndpointsOwn() {
    assertThat(
            AwsRegion.of(
                "https://abc.execute-api.eu-west-1.amazonaws.com", Optional.of("us-west-2")))
        .isEqualTo("eu-west-1");
    assertThat(AwsRegion.of("https://api.example.org", Optional.of("us-west-2")))
        .isEqualTo("us-west-2");
  }
}
