package io.vaultlayer.local.function;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.local.template.Template;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The plane's real parts, unguarded; each function gets them behind its own permissions.
 *
 * @param queue a queue by its URL
 * @param bus a bus by its name
 * @param bucket a bucket by its name
 * @param credentials an issuer by bucket name and role ARN
 */
public record Parts(
    Template template,
    Store store,
    Function<String, Queue> queue,
    Function<String, Bus> bus,
    Function<String, Bucket> bucket,
    BiFunction<String, String, JobCredentials> credentials,
    List<Provider> providers,
    InstantSource clock,
    Entropy entropy) {
  public Parts {
    providers = List.copyOf(providers);
  }
}
