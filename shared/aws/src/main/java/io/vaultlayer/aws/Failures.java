package io.vaultlayer.aws;

import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.TransportUnavailable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Turns the SDK's exceptions into the ports'. Messages name the operation, the service's error code
 * and the request id, and nothing that the service or the SDK wrote: that may quote the request,
 * and with it tokens or user values. For the same reason the cause is dropped.
 */
final class Failures {
  private Failures() {}

  static StoreUnavailable store(String doing, SdkException failure) {
    return new StoreUnavailable(describe(doing, failure), null);
  }

  static TransportUnavailable transport(String doing, SdkException failure) {
    return new TransportUnavailable(describe(doing, failure), null);
  }

  /**
   * The service's error code, such as {@code ThrottlingException}; empty when there was no answer.
   */
  static String code(SdkException failure) {
    return failure instanceof AwsServiceException answer
            && answer.awsErrorDetails() != null
            && answer.awsErrorDetails().errorCode() != null
        ? answer.awsErrorDetails().errorCode()
        : "";
  }

  /** The HTTP status; 0 when there was no answer. */
  static int status(SdkException failure) {
    return failure instanceof AwsServiceException answer ? answer.statusCode() : 0;
  }

  private static String describe(String doing, SdkException failure) {
    if (failure instanceof AwsServiceException answer) {
      return doing
          + ": answered "
          + answer.statusCode()
          + " "
          + code(failure)
          + ", request "
          + answer.requestId();
    }
    var root = (Throwable) failure;
    for (int depth = 0; depth < 10 && root.getCause() != null; depth++) {
      root = root.getCause();
    }
    return doing + ": no answer, " + root.getClass().getSimpleName();
  }
}
