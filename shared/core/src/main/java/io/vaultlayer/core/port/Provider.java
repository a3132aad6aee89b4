package io.vaultlayer.core.port;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.place.Offer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One GPU cloud. Implementations keep no state of their own: what exists is what {@link #list}
 * shows. Every call has its own time limit of at most 30 s and never retries inside.
 */
public interface Provider {
  /** What the control plane must know before it uses the provider. */
  Facts facts();

  /**
   * Current offers for any of these classes; an empty list means no capacity, not an error. @throws
   * ProviderFailure
   */
  List<Offer> offers(List<GpuClass> classes);

  /**
   * Creates one instance carrying {@link Launch#label}. Never retried blindly: after {@link
   * Creation.Ambiguous} the caller lists by label.
   */
  Creation create(Launch launch);

  /**
   * Every instance of the account that carries a label of this owner, asked for now. @throws
   * ProviderFailure
   */
  Inventory list(String owner);

  /**
   * What the provider says of one instance, as the second opinion. Never throws: no answer is
   * {@link Sighting#UNKNOWN}.
   */
  Sighting describe(String label);

  /**
   * Asks for the end of every instance under the label; believed only when {@link #list} agrees.
   * Nothing there is no error. @throws ProviderFailure
   */
  void terminate(String label);

  /**
   * Asks for the end of one instance, where a create that was repeated by mistake put several under
   * one label; the others go on. Nothing there with both is no error. @throws ProviderFailure
   */
  void terminate(String label, String instanceId);

  /** Fault injection: the instance is lost now, without warning. @throws ProviderFailure */
  void kill(String label);

  /**
   * @param beatSeconds heartbeat interval, {@code leaseSeconds} the lease that each accepted beat
   *     extends
   * @param launchLimit a launch that has not registered by then is terminated
   * @param visibility how long after a create its instance may still be missing from a list
   * @param deadMan how the instance ends when the control plane is gone for good, in words; empty
   *     where it cannot
   */
  record Facts(
      String name,
      String status,
      String evidence,
      int beatSeconds,
      int leaseSeconds,
      Duration launchLimit,
      Duration visibility,
      Optional<String> deadMan) {
    public Facts {
      if (beatSeconds < 1 || leaseSeconds < 3 * beatSeconds) {
        throw new IllegalArgumentException(
            "a lease of "
                + leaseSeconds
                + " s must be at least three beats of "
                + beatSeconds
                + " s");
      }
    }
  }

  /**
   * One create call. {@code bootstrap} is the document handed to the agent; it holds a one-time
   * token: never log it.
   */
  record Launch(String label, Offer offer, String bootstrap) {
    @Override
    public String toString() {
      return "Launch[" + label + " on " + offer + "]";
    }
  }

  /** The answer to a create. */
  sealed interface Creation {
    record Created(String instanceId, String machineId) implements Creation {}

    /** The provider said no and made nothing. */
    record Refused(Refusal why, String detail) implements Creation {}

    /** Timeout, 5xx or unreadable: an instance may exist. */
    record Ambiguous(String detail) implements Creation {}
  }

  /** Why a create was refused; each kind is acted on differently. */
  enum Refusal {
    /** Nothing free there now: wait or go elsewhere. */
    NO_CAPACITY,
    /** The account may not: quota, money, key. Exclude the provider and tell the user. */
    ACCOUNT,
    /** The request itself is wrong: our fault; do not repeat it. */
    INVALID,
    /** Too many requests: come back later. */
    THROTTLED
  }

  /**
   * @param complete false when pages are missing: nothing may be concluded from absence
   */
  record Inventory(Instant askedAt, boolean complete, List<Seen> instances) {
    public Inventory {
      instances = List.copyOf(instances);
    }
  }

  /** One instance in a list. */
  record Seen(String label, String instanceId, String machineId, Sighting sighting) {}

  /** What a provider says of an instance. */
  enum Sighting {
    RUNNING,
    STARTING,
    STOPPED,
    GONE,
    UNKNOWN
  }

  /** No usable answer from a list, offer or terminate call. */
  final class ProviderFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ProviderFailure(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
