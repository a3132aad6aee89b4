package io.vaultlayer.core.end;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A line by which driver or framework say that hardware gave way. Only whole lines in the form in
 * which they print it count, and only where no other exception was raised after or beside it: what
 * a user's program prints must not turn its own failure into a retry.
 *
 * @param text the line, shortened
 */
public record HardwareSign(Kind kind, String text) {
  /** What gave way. */
  public enum Kind {
    /** This machine's GPU: another machine is wanted. */
    GPU,
    /** Another process of the same training: whose fault that was cannot be told from here. */
    PEER
  }

  /** Of the output's end, so much is looked at. */
  public static final int TAIL_BYTES = 64 * 1024;

  private static final int MOST_TEXT = 200;

  private static final String RANK = "(?:\\[rank\\d{1,4}\\]:\\s?)?";

  /**
   * Xid codes by which NVIDIA names faults of the device, its memory, its links or its firmware;
   * those that a program causes (13, 31, 43, 45) are not among them.
   */
  private static final Pattern XID =
      Pattern.compile(
          "(?:\\[[ 0-9.]{1,20}\\] )?NVRM: Xid \\(PCI:[0-9a-fA-F:.]{4,20}\\): (?:48|64|74|79|94|95|119|120), .*");

  private static final Pattern CUDA =
      Pattern.compile(
          RANK
              + "(?:RuntimeError|torch\\.AcceleratorError|(?:[\\w.]{1,80}\\.)?XlaRuntimeError)"
              + ": .*(?:CUDA error: uncorrectable ECC error encountered"
              + "|CUDA_ERROR_ECC_UNCORRECTABLE"
              + "|CUDA error: uncorrectable NVLink error detected during the execution"
              + "|CUDA_ERROR_NVLINK_UNCORRECTABLE).*");

  private static final Pattern LOST_GPU =
      Pattern.compile(
          "Unable to determine the device handle for GPU ?[0-9a-fA-F:.]{4,20}: "
              + "(?:GPU is lost|Unknown Error).*");

  /** As torch and NCCL print it together: the exception, and NCCL's own name for it below. */
  private static final Pattern PEER =
      Pattern.compile(
          RANK
              + "ncclRemoteError: A call failed possibly due to a network error or a remote process exiting"
              + " prematurely\\.?.*");

  private static final Pattern NCCL_EXCEPTION =
      Pattern.compile(RANK + "torch\\.distributed\\.DistBackendError: NCCL error in: .*");

  private static final Pattern EXCEPTION =
      Pattern.compile(
          RANK + "(?:[A-Za-z_][\\w.]{0,120})?(?:Error|Exception|Interrupt|Exit)(?:: .*)?");

  /** Looks through the last lines of an output, at most {@link #TAIL_BYTES} of it. */
  public static Optional<HardwareSign> find(String tail) {
    var lines = tail.lines().map(String::strip).toList();
    for (var line : lines) {
      if (matches(XID, line) || matches(LOST_GPU, line)) {
        return Optional.of(new HardwareSign(Kind.GPU, shortened(line)));
      }
    }
    var raised = lines.stream().filter(l -> matches(EXCEPTION, l) && !matches(PEER, l)).toList();
    if (!raised.isEmpty() && raised.stream().allMatch(l -> matches(CUDA, l))) {
      return Optional.of(new HardwareSign(Kind.GPU, shortened(raised.getLast())));
    }
    return peer(lines, raised);
  }

  private static Optional<HardwareSign> peer(List<String> lines, List<String> raised) {
    var named = lines.stream().filter(l -> matches(PEER, l)).findFirst();
    return named.isPresent()
            && !raised.isEmpty()
            && raised.stream().allMatch(l -> matches(NCCL_EXCEPTION, l))
        ? Optional.of(new HardwareSign(Kind.PEER, shortened(named.get())))
        : Optional.empty();
  }

  /** Lines longer than any that is meant are none of these, and cost no matching. */
  private static boolean matches(Pattern pattern, String line) {
    return line.length() <= 2000 && pattern.matcher(line).matches();
  }

  private static String shortened(String line) {
    return line.length() <= MOST_TEXT ? line : line.substring(0, MOST_TEXT);
  }
}
