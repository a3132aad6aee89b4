package io.vaultlayer.functions;

import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Entropy;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * What one function stands on. On AWS it is made of the SDK's clients and the process's
 * environment; on the embedded plane of loopback parts and the function's own section of the
 * template; in the simulator of fakes. A function sees only the variables that its own section of
 * the template gives it.
 */
public interface Platform {
  /** A variable of the function's section in the template. @throws MissingVariable naming it */
  String variable(String name);

  Store store();

  /** The queue whose URL is in that variable. */
  Queue queue(String urlVariable);

  /** The bus whose name is in that variable. */
  Bus bus(String nameVariable);

  /** The bucket whose name is in that variable. */
  Bucket bucket(String nameVariable);

  /** Job-scoped credentials for the bucket in that variable, made from the role in the other. */
  JobCredentials credentials(String bucketVariable, String roleVariable);

  /** Every provider that this deployment may use. */
  List<Provider> providers();

  /** The provider of that name; empty where this deployment does not have it (any more). */
  default Optional<Provider> provider(String name) {
    return providers().stream().filter(p -> p.facts().name().equals(name)).findFirst();
  }

  InstantSource clock();

  Entropy entropy();

  /**
   * Does all of it: one after the other here and in simulation, at the same time where this
   * platform has threads.
   *
   * @param limit an answer that takes longer is not waited for, and is empty
   * @return the answers in the order of the work
   * @throws RuntimeException the first that a piece of the work threw
   */
  default <T> List<Optional<T>> parallel(List<Callable<T>> work, Duration limit) {
    return work.stream()
        .map(piece -> {
          var begun = clock().instant();
          T answer = Parallel.call(piece);
          var late = Duration.between(begun, clock().instant()).compareTo(limit) > 0;
          return late ? Optional.<T>empty() : Optional.of(answer);
        })
        .toList();
  }

  /** Waits between two tries of a conditional write; does nothing in simulation. */
  void pause(Duration time);

  /** The template did not give this function a variable that it needs. */
  final class MissingVariable extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    public MissingVariable(String name) {
      super("the function's environment lacks the variable " + name);
    }
  }
}
