package io.vaultlayer.bench.throughput;

import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the benchmark of the decisions under JMH. */
final class Decisions {
  private Decisions() {}

  /** Nanoseconds of a decision, with their 99.9 % error, by event. */
  static Map<String, double[]> measure(boolean quick) {
    var options =
        new OptionsBuilder()
            .include(DecideBenchmark.class.getName())
            .forks(1)
            .jvmArgsAppend("--sun-misc-unsafe-memory-access=allow")
            .warmupIterations(quick ? 2 : 5)
            .warmupTime(TimeValue.milliseconds(quick ? 200 : 1000))
            .measurementIterations(quick ? 3 : 5)
            .measurementTime(TimeValue.milliseconds(quick ? 200 : 1000))
            .verbosity(VerboseMode.SILENT)
            .build();
    try {
      var nanos = new TreeMap<String, double[]>();
      for (var run : new Runner(options).run()) {
        var result = run.getPrimaryResult();
        nanos.put(
            run.getParams().getParam("event"),
            new double[] {result.getScore(), result.getScoreError()});
      }
      return nanos;
    } catch (RunnerException e) {
      throw new IllegalStateException("JMH did not run", e);
    }
  }
}
