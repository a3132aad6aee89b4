package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.api.Answer;
import io.vaultlayer.agent.api.AttemptClient;
import io.vaultlayer.agent.api.Backoff;
import io.vaultlayer.agent.checkpoint.DamagedCheckpoint;
import io.vaultlayer.agent.checkpoint.KeptDirectory;
import io.vaultlayer.agent.checkpoint.Restored;
import io.vaultlayer.agent.checkpoint.Scope;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.Stop;
import io.vaultlayer.agent.s3.StoreException;
import io.vaultlayer.agent.work.TrainingEnvironment;
import io.vaultlayer.agent.work.Workdir;
import io.vaultlayer.wire.AttemptApi;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** From the assignment to directories that are ready for the script. */
final class Preparation {
  /**
   * Each condemn gives up one checkpoint; a job whose last so many are broken has other trouble.
   */
  private static final int MOST_CONDEMNED = 16;

  private static final int MOST_MISREAD = 3;
  private static final int MOST_TRIES = 60;
  private static final Duration FIRST_WAIT = Duration.ofMillis(200);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  /** It cannot be made ready; what to report. */
  static final class Failed extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient AttemptApi.Exit exit;

    Failed(AttemptApi.Exit exit) {
      super(exit.detail());
      this.exit = exit;
    }

    AttemptApi.Exit exit() {
      return exit;
    }
  }

  /** What the script starts from. */
  record Ready(Optional<AttemptApi.Pointer> pointer, Optional<Restored> restored) {}

  private final Host host;
  private final AttemptApi.Assignment assignment;
  private final AttemptClient client;
  private final ObjectStore store;
  private final Stop stop;
  private final Consumer<String> fenced;
  private final Consumer<String> warn;
  private final Scope scope;
  private int misread;

  Preparation(
      Host host,
      AttemptApi.Assignment assignment,
      AttemptClient client,
      ObjectStore store,
      Stop stop,
      Consumer<String> fenced,
      Consumer<String> warn,
      Scope scope) {
    this.host = host;
    this.assignment = assignment;
    this.client = client;
    this.store = store;
    this.stop = stop;
    this.fenced = fenced;
    this.warn = warn;
    this.scope = scope;
  }

  /** Fetches and unpacks the work directory. */
  void work() throws Failed, StoreException.Stopped {
    var workdir = new Workdir(host.places());
    reading(
        "fetching the work directory",
        () -> {
          try {
            workdir
                .prepare(assignment, store)
                .forEach(
                    link -> warn.accept("the link " + link + " leads out of the work directory"));
            return true;
          } catch (Workdir.Damaged e) {
            throw new Failed(reports().failed("workdir_damaged", null, null, e.getMessage()));
          }
        });
    try {
      TrainingEnvironment.layOut(assignment, host.places());
    } catch (IOException e) {
      throw new Failed(trouble("laying out the instance", e));
    }
  }

  /** Restores the pointer's checkpoint, or what a condemn made of it. */
  Ready restore() throws Failed, StoreException.Stopped {
    Optional<AttemptApi.Pointer> pointer = Optional.ofNullable(assignment.checkpoint());
    for (int condemned = 0; condemned <= MOST_CONDEMNED; condemned++) {
      Optional<AttemptApi.Pointer> from = pointer;
      try {
        return new Ready(
            from,
            reading(
                "restoring the checkpoint",
                () -> {
                  try {
                    return new KeptDirectory(store).prepare(scope, from);
                  } catch (DamagedCheckpoint e) {
                    throw new Damage(e);
                  }
                }));
      } catch (Damage e) {
        if (from.isEmpty()) {
          throw new Failed(reports().unhealthy(e.getMessage()));
        }
        pointer = condemn(from.get(), e.getMessage());
      }
    }
    throw new Failed(
        reports()
            .failed(
                "checkpoints_damaged",
                null,
                null,
                "the last " + MOST_CONDEMNED + " checkpoints are all damaged"));
  }

  private Optional<AttemptApi.Pointer> condemn(AttemptApi.Pointer pointer, String problem)
      throws Failed, StoreException.Stopped {
    host.log().event("condemn", Map.of("step", pointer.step(), "problem", problem));
    var body = new AttemptApi.Condemn(pointer.step(), pointer.manifestKey(), problem);
    var waits = new Backoff(FIRST_WAIT, LONGEST_WAIT, host.chance());
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      stop.check();
      switch (client.condemn(body)) {
        case Answer.Ok<AttemptApi.Condemned>(var answer) -> {
          warn.accept(
              "the checkpoint of step "
                  + pointer.step()
                  + " is damaged and was given up: "
                  + problem);
          return Optional.ofNullable(answer.checkpoint());
        }
        case Answer.Fenced<AttemptApi.Condemned>(var message) -> fenced.accept(message);
        // The control plane has looked and sees no damage: what we read was damaged on its way.
        case Answer.Refused<AttemptApi.Condemned>(var status, var code, var message) -> {
          if (misread++ < MOST_MISREAD) {
            return Optional.of(pointer);
          }
          throw new Failed(
              reports().unhealthy("restoring step " + pointer.step() + ": " + problem));
        }
        case Answer.Unavailable<AttemptApi.Condemned> unavailable -> stop.sleep(waits.next());
      }
    }
    throw new Failed(reports().lost("the control plane did not answer a condemn"));
  }

  private interface Reading<T> {
    T read() throws IOException, Failed;
  }

  /** Reads from the bucket, again and again as long as it is the way there that is broken. */
  private <T> T reading(String what, Reading<T> reading) throws Failed, StoreException.Stopped {
    var waits = new Backoff(FIRST_WAIT, LONGEST_WAIT, host.chance());
    String problem = "";
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      stop.check();
      try {
        return local(what, reading);
      } catch (StoreException.Unreachable | StoreException.AccessRefused e) {
        problem = e.getMessage();
        host.log().event("bucket_unavailable", Map.of("doing", what, "message", "" + problem));
        stop.sleep(waits.next());
      }
    }
    throw new Failed(reports().lost(what + ": the bucket cannot be read: " + problem));
  }

  private <T> T local(String what, Reading<T> action)
      throws Failed,
          StoreException.Stopped,
          StoreException.Unreachable,
          StoreException.AccessRefused {
    try {
      return action.read();
    } catch (StoreException.Stopped | StoreException.Unreachable | StoreException.AccessRefused e) {
      throw e;
    } catch (IOException e) {
      throw new Failed(trouble(what, e));
    }
  }

  /** A full disk is told to the user: the next host of the same kind has no larger one. */
  private static AttemptApi.Exit trouble(String what, IOException e) {
    String message = String.valueOf(e.getMessage());
    String cause = e.getCause() == null ? "" : String.valueOf(e.getCause().getMessage());
    return message.contains("No space left") || cause.contains("No space left")
        ? reports().failed("no_disk_space", null, null, what + ": no space left on the disk")
        : reports().unhealthy(what + ": " + message);
  }

  private static Reports reports() {
    return new Reports(null, null);
  }

  /** Carries a damage past the retries. */
  private static final class Damage extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Damage(DamagedCheckpoint e) {
      super(e.getMessage(), e);
    }
  }
}
