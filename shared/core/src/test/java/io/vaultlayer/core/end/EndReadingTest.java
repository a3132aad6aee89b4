package io.vaultlayer.core.end;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.end.Evidence.How;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract's sentences on how an end is read, one by one. */
class EndReadingTest {
  private static final HardwareSign ECC = new HardwareSign(HardwareSign.Kind.GPU, "ECC");
  private static final HardwareSign NCCL = new HardwareSign(HardwareSign.Kind.PEER, "NCCL");

  private static Verdict read(How how, boolean outOfMemory, Optional<HardwareSign> sign) {
    return EndReading.read(new Evidence(how, true, outOfMemory, false, sign, Set.of(3)));
  }

  private static Verdict plain(How how) {
    return read(how, false, Optional.empty());
  }

  @Test
  void aNormalExitWithANonZeroCodeIsTheUsersFailure() {
    assertThat(plain(new How.Exited(0))).isEqualTo(new Verdict.Done());
    assertThat(plain(new How.Exited(1))).isEqualTo(new Verdict.Failed("user_program_failed"));
    assertThat(plain(new How.Exited(137))).isEqualTo(new Verdict.Failed("user_program_failed"));
  }

  @Test
  void sigkillIsALossUnlessMemoryWasWanting() {
    assertThat(plain(new How.Signalled(9))).isInstanceOf(Verdict.Lost.class);
    assertThat(read(new How.Signalled(9), true, Optional.empty()))
        .isEqualTo(new Verdict.Failed("out_of_memory"));
    assertThat(read(new How.Exited(137), true, Optional.empty()))
        .isEqualTo(new Verdict.Failed("out_of_memory"));
    assertThat(read(new How.Exited(1), true, Optional.empty()))
        .isEqualTo(new Verdict.Failed("user_program_failed"));
  }

  @Test
  void anyOtherSignalIsTheProgramsOwnFailureUnlessItWasTold() {
    assertThat(plain(new How.Signalled(11))).isEqualTo(new Verdict.Failed("user_program_failed"));
    for (var how : new How[] {new How.Signalled(15), new How.Exited(0), new How.Exited(1)}) {
      var told = new Evidence(how, true, false, true, Optional.empty(), Set.of());
      assertThat(EndReading.read(told)).isEqualTo(new Verdict.Reclaimed());
    }
  }

  @Test
  void anEndThatNobodySawIsALoss() {
    assertThat(plain(new How.Unseen())).isInstanceOf(Verdict.Lost.class);
  }

  @Test
  void theExitCodesThatTheUserNamedAskForAnotherStart() {
    assertThat(plain(new How.Exited(3)))
        .isEqualTo(new Verdict.Lost("it asked to be started again by exit code 3"));
    assertThat(plain(new How.Exited(4))).isInstanceOf(Verdict.Failed.class);
  }

  @Test
  void brokenHardwareIsNotTheUsersFailure() {
    for (var how : new How[] {new How.Exited(1), new How.Signalled(6), new How.Signalled(9)}) {
      assertThat(read(how, false, Optional.of(ECC))).isEqualTo(new Verdict.Unhealthy("ECC"));
      assertThat(read(how, false, Optional.of(NCCL))).isEqualTo(new Verdict.Lost("NCCL"));
    }
    assertThat(read(new How.Exited(0), false, Optional.of(ECC)))
        .as("it ended well all the same")
        .isEqualTo(new Verdict.Done());
    assertThat(read(new How.Signalled(9), true, Optional.of(ECC)))
        .isEqualTo(new Verdict.Failed("out_of_memory"));
  }

  @Test
  void theSetupCommandsEndIsReadLikewise() {
    for (var code : new int[] {1, 3}) {
      var failed =
          new Evidence(new How.Exited(code), false, false, false, Optional.of(ECC), Set.of(3));
      assertThat(EndReading.read(failed)).isEqualTo(new Verdict.Failed("setup_failed"));
    }
    var killed =
        new Evidence(new How.Signalled(9), false, false, false, Optional.empty(), Set.of());
    assertThat(EndReading.read(killed)).isInstanceOf(Verdict.Lost.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus.",
        "[ 1234.567890] NVRM: Xid (PCI:0000:3b:00): 48, pid='<unknown>', DBE",
        "RuntimeError: CUDA error: uncorrectable ECC error encountered",
        "[rank0]: RuntimeError: CUDA error: uncorrectable ECC error encountered",
        "torch.AcceleratorError: CUDA error: uncorrectable ECC error encountered",
        "jaxlib.xla_extension.XlaRuntimeError: INTERNAL: CUDA_ERROR_ECC_UNCORRECTABLE: uncorrectable"
            + " ECC error encountered",
        "Unable to determine the device handle for GPU 0000:3B:00.0: GPU is lost.  Reboot the system"
      })
  void theWordsOfDriverAndFrameworksAreKnown(String line) {
    var tail = "step 10 loss 0.5\nTraceback (most recent call last):\n  File \"train.py\"\n" + line;
    assertThat(HardwareSign.find(tail).orElseThrow().kind()).isEqualTo(HardwareSign.Kind.GPU);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "NVRM: Xid (PCI:0000:3b:00): 31, pid=1234, MMU Fault",
        "NVRM: Xid (PCI:0000:3b:00): 13, pid=1234, Graphics Exception",
        "print('RuntimeError: CUDA error: uncorrectable ECC error encountered')",
        "ValueError: uncorrectable ECC error encountered",
        "RuntimeError: CUDA error: an illegal memory access was encountered",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "RuntimeError: CUDA error: uncorrectable ECC error encountered\nKeyError: 'loss'",
        "ncclRemoteError: A call failed possibly due to a network error or a remote process exiting"
            + " prematurely.",
        "the run before this one died of XID 79 and ECC"
      })
  void whatAProgramMayPrintOfItselfIsNoSign(String tail) {
    assertThat(HardwareSign.find(tail)).isEmpty();
  }

  @Test
  void aLostPeerIsASignOnlyWhereNoProcessRaisedAnythingElse() {
    var nccl =
        """
        [rank1]: torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:1970, remote
        ncclRemoteError: A call failed possibly due to a network error or a remote process exiting prematurely.
        """;
    assertThat(HardwareSign.find(nccl).orElseThrow().kind()).isEqualTo(HardwareSign.Kind.PEER);
    assertThat(HardwareSign.find("[rank0]: ZeroDivisionError: division by zero\n" + nccl))
        .as("the peer was lost to the program's own failure")
        .isEmpty();
  }

  @Test
  void longAndStrangeOutputIsLookedThroughQuickly() {
    var line = "Error".repeat(400) + ": ";
    var tail = (line + "\n").repeat(HardwareSign.TAIL_BYTES / line.length());
    long begun = System.nanoTime();
    assertThat(HardwareSign.find(tail)).isEmpty();
    assertThat(HardwareSign.find("x".repeat(HardwareSign.TAIL_BYTES))).isEmpty();
    assertThat(System.nanoTime() - begun).isLessThan(5_000_000_000L);
  }
}
