package io.vaultlayer.core.end;

import java.util.Optional;
import java.util.Set;

/**
 * What is known of the end of a process of the user's.
 *
 * @param programStarted false while only the setup command had been started
 * @param outOfMemory cgroup or kernel recorded that memory was wanting
 * @param stopSeen the agent had sent or seen a stop signal, its own or the host's shutdown
 * @param sign of broken hardware in the last of its output
 * @param retryExitCodes with which the user lets it ask for another start
 */
public record Evidence(
    How how,
    boolean programStarted,
    boolean outOfMemory,
    boolean stopSeen,
    Optional<HardwareSign> sign,
    Set<Integer> retryExitCodes) {
  public Evidence {
    retryExitCodes = Set.copyOf(retryExitCodes);
  }

  /** How the kernel says it ended: an exit with 137 and a death by signal 9 differ. */
  public sealed interface How {
    record Exited(int code) implements How {}

    record Signalled(int signal) implements How {}

    /** It is gone and nobody saw how. */
    record Unseen() implements How {}
  }
}
