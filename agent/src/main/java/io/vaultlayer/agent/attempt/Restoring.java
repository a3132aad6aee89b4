package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.s3.StoreException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A restore on a thread of its own; the attempt's switch ends it. */
final class Restoring {
  private final CompletableFuture<Preparation.Ready> result = new CompletableFuture<>();

  private Restoring() {}

  static Restoring start(Preparation preparation) {
    var restoring = new Restoring();
    Thread.ofPlatform()
        .name("restore")
        .daemon()
        .start(() -> {
          try {
            restoring.result.complete(preparation.restore());
          } catch (Preparation.Failed | StoreException.Stopped | RuntimeException | Error e) {
            restoring.result.completeExceptionally(e);
          }
        });
    return restoring;
  }

  /** Waits for its end. */
  Preparation.Ready await()
      throws Preparation.Failed, StoreException.Stopped, InterruptedException {
    try {
      return result.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Preparation.Failed failed -> throw failed;
        case StoreException.Stopped stopped -> throw stopped;
        case RuntimeException defect -> throw defect;
        case Error error -> throw error;
        default -> throw new IllegalStateException(e.getCause());
      }
    }
  }
}
