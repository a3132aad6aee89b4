package io.vaultlayer.local.template;

import java.util.Locale;

/**
 * What names and addresses the template's resources have on this machine: the values that {@code
 * Ref}, {@code GetAtt} and {@code Sub} resolve to.
 *
 * @param apiEndpoint where the HTTP API answers, such as {@code http://127.0.0.1:4100}
 * @param queueEndpoint where the queue server answers
 */
public record LocalNames(String apiEndpoint, String queueEndpoint) {
  public static final String ACCOUNT = "000000000000";

  /** A region that every S3 client accepts without a special case. */
  public static final String REGION = "us-east-1";

  public static final String PARTITION = "local";

  /** How policies name this account as a whole. */
  public static final String ROOT = "AWS:arn:" + PARTITION + ":iam::" + ACCOUNT + ":root";

  static final String SUFFIX = "localhost";

  String arn(String service, String rest) {
    return "arn:" + PARTITION + ":" + service + ":" + REGION + ":" + ACCOUNT + ":" + rest;
  }

  String bucketArn(String bucket) {
    return "arn:" + PARTITION + ":s3:::" + bucket;
  }

  String roleArn(String role) {
    return "arn:" + PARTITION + ":iam::" + ACCOUNT + ":role/" + role;
  }

  String queueUrl(String queue) {
    return queueEndpoint + "/" + ACCOUNT + "/" + queue;
  }

  static String bucketName(String logicalId) {
    return "vaultlayer-" + logicalId.toLowerCase(Locale.ROOT);
  }
}
