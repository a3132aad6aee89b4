package io.vaultlayer.aws;

import java.net.URI;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;

/**
 * Where the services are and who asks.
 *
 * @param override one URL for all services, instead of the region's own
 * @param pathStyle buckets in the path instead of the host name: what servers on loopback need
 */
public record Endpoints(
    Optional<URI> override, Region region, AwsCredentialsProvider credentials, boolean pathStyle) {

  /** AWS itself, with the credentials that the process was given. */
  public static Endpoints aws(String region) {
    return new Endpoints(
        Optional.empty(), Region.of(region), DefaultCredentialsProvider.builder().build(), false);
  }

  /** One server that speaks the same protocols. */
  public static Endpoints at(URI url, String region, String accessKeyId, String secretAccessKey) {
    var credentials = AwsBasicCredentials.create(accessKeyId, secretAccessKey);
    return new Endpoints(
        Optional.of(url), Region.of(region), StaticCredentialsProvider.create(credentials), true);
  }

  /** The URL under which a host elsewhere reaches the buckets. */
  public URI s3() {
    return override.orElseGet(() ->
        URI.create(
            "https://s3."
                + region.id()
                + (region.id().startsWith("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com")));
  }
}
