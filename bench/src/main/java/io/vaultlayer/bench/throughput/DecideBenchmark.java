package io.vaultlayer.bench.throughput;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobMachine;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One decision of the job machine: no store, no JSON, no clock. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DecideBenchmark {
  /** What happens to the lease. */
  @Param({
    "Heartbeat",
    "HeartbeatOfAFencedEpoch",
    "Commit",
    "Claim",
    "Intend",
    "Launched",
    "Register",
    "Suspect",
    "Fence",
    "Reclaim"
  })
  public String event;

  private Recorded.Meeting meeting;

  /** Plays the life in which they meet. */
  @Setup
  public void meet() throws InterruptedException {
    meeting = Recorded.play().get(event);
    if (meeting == null) {
      throw new IllegalStateException("no " + event + " was accepted in the recorded life");
    }
  }

  /** The decision. */
  @Benchmark
  public Decision decide() {
    return JobMachine.decide(meeting.lease(), meeting.event());
  }
}
