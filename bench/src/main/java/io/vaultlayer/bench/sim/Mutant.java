package io.vaultlayer.bench.sim;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Provider;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A planted fault of the control plane itself, which the checkers must find: what a handler sees
 * instead of its port or of its decisions. Each world gets its own instance, so a mutant may
 * remember what it saw. Found by {@link java.util.ServiceLoader} in the tests' class path.
 */
public interface Mutant {
  /** Nothing is planted. */
  Mutant NONE = () -> "none";

  /** Short, in words joined by dashes. */
  String name();

  /** A fresh one, for another world. */
  default Mutant fresh() {
    return this;
  }

  default Store store(Store real, Invocation.Function function, World world) {
    return real;
  }

  default Bucket bucket(Bucket real, Invocation.Function function, World world) {
    return real;
  }

  default Bus bus(Bus real, Invocation.Function function, World world) {
    return real;
  }

  default Queue queue(Queue real, String name, Invocation.Function function, World world) {
    return real;
  }

  default Provider provider(Provider real, Invocation.Function function, World world) {
    return real;
  }

  default BiFunction<Lease, JobEvent, Decision> decide(
      BiFunction<Lease, JobEvent, Decision> real, Invocation.Function function, World world) {
    return real;
  }

  /** False: the function is never run. */
  default boolean runs(Invocation.Function function) {
    return true;
  }

  /** What is answered to a caller instead of the gateway's answer. */
  default Map<String, Object> answer(
      Invocation.Caller caller, Map<String, Object> answer, World world) {
    return answer;
  }

  /** A line that is logged instead. */
  default String log(String line, World world) {
    return line;
  }
}
