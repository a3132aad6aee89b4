package io.vaultlayer.core.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every order of beats, ticks and absences of our own plane, with the real memory of the watchdog,
 * its real look and the real machine: an attempt that gets its beats through whenever we are there
 * is never fenced by silence, and one that is dead is fenced however often we were away.
 */
class WatchModelTest {
  private static final int MOST_WORLDS = 2_000_000;

  static Stream<Arguments> mutants() {
    return Stream.of(
        Arguments.of("the watchdog forgets its absence on the second tick", Watcher.forgetful()),
        Arguments.of("the watchdog does not notice its absence", Watcher.unaware()),
        Arguments.of("the watchdog takes every tick for its first", Watcher.timid()));
  }

  @Test
  void noAbsenceOfOursFencesTheLivingOrKeepsTheDead() {
    var found = ModelSearch.search(new WatchMoves(Watcher.REAL), MOST_WORLDS);
    System.out.println(found.told("the watchdog's absence"));
    assertThat(found.story()).isEmpty();
    assertThat(found.exhausted()).isTrue();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mutants")
  void everyPlantedFaultIsCaught(String name, Watcher watcher) {
    var found = ModelSearch.search(new WatchMoves(watcher), MOST_WORLDS);
    assertThat(found.story()).as("how '%s' is caught", name).isNotEmpty();
    System.out.println(found.caught(name));
  }
}
