package io.vaultlayer.local.bucket;

import org.gaul.s3proxy.S3ErrorCode;
import org.gaul.s3proxy.S3ProxyException;

/** The refusals of the bucket, in S3's words. */
final class Denied {
  private Denied() {}

  static S3ProxyException because(String why) {
    return new S3ProxyException(S3ErrorCode.ACCESS_DENIED, why);
  }
}
