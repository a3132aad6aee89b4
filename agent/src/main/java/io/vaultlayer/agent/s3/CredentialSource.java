package io.vaultlayer.agent.s3;

import io.vaultlayer.wire.AttemptApi.S3Credentials;

/** Where credentials come from. Asked before every try, so that a renewal takes effect at once. */
@FunctionalInterface
public interface CredentialSource {
  S3Credentials current();

  /** The store refused these, and there were no newer ones. Called often, and on any thread. */
  default void refused(S3Credentials these) {}
}
