package io.vaultlayer.core.job;

import java.util.List;
import java.util.stream.Stream;

/** The names of all faults that are planted in the models. */
public final class PlantedFaults {
  private PlantedFaults() {}

  public static List<String> names() {
    return Stream.of(
            ModelMutants.all().stream().map(ModelMutants::name),
            ReapMutants.all().stream().map(ReapMutants::name),
            WatchModelTest.mutants().map(a -> String.valueOf(a.get()[0])))
        .flatMap(names -> names)
        .toList();
  }
}
