package io.vaultlayer.bench.sim;

import io.vaultlayer.core.lease.TokenHash;
import java.util.Optional;

/** One run of a handler, and what it was asked. */
public final class Invocation {
  /** The functions of the template; each has an environment, and so a life, of its own. */
  public enum Function {
    SUBMIT,
    QUERY,
    CONTROL,
    AGENT,
    COMMIT,
    PROVISIONER,
    WATCHDOG,
    REAPER;

    private final String wireName = name().toLowerCase(java.util.Locale.ROOT);

    String wireName() {
      return wireName;
    }
  }

  /** Who calls an attempt's route: what the request says of itself. */
  public record Caller(String job, int epoch, String verb, TokenHash token, String body) {}

  final Function function;
  final String about;
  final Optional<Caller> caller;
  final long skewMillis;
  final long begun;
  final long begunAt;
  Optional<Strand> strand = Optional.empty();
  long suspendedMillis;
  boolean crashed;

  /** Machines that providers offered to this invocation. */
  final java.util.List<io.vaultlayer.core.place.Offer> offered = new java.util.ArrayList<>();

  /**
   * The number of the last write before this invocation last scanned the leases; -1: it did not.
   */
  long scannedAt = -1;

  /** The number of the last write before this invocation first got a list of a provider. */
  final java.util.Map<String, Long> listedAt = new java.util.HashMap<>();

  Invocation(
      Function function,
      String about,
      Optional<Caller> caller,
      long skewMillis,
      long begun,
      long begunAt) {
    this.function = function;
    this.about = about;
    this.caller = caller;
    this.skewMillis = skewMillis;
    this.begun = begun;
    this.begunAt = begunAt;
  }

  /** The process died in the middle of a handler. No handler can catch it, as on Lambda. */
  static final class Died extends Error {
    private static final long serialVersionUID = 1L;

    Died() {
      super("the process died", null, false, false);
    }
  }
}
