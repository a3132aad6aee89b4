package io.vaultlayer.bench.sim;

import java.util.List;

/** A set of planted faults; the tests' class path has one. */
public interface Mutants {
  List<Mutant> all();
}
