package io.vaultlayer.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import io.vaultlayer.agent.planted.UsesTheCli;
import io.vaultlayer.cli.planted.JobManager;
import io.vaultlayer.cli.planted.UsesTheCloud;
import io.vaultlayer.core.planted.OpensAFile;
import io.vaultlayer.core.planted.ReadsEverything;
import io.vaultlayer.functions.planted.one.UsesTwo;
import io.vaultlayer.functions.planted.two.UsesOne;
import io.vaultlayer.nowhere.Stray;
import io.vaultlayer.wire.planted.UsesALogger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RoomsTest {

  private static final JavaClasses OURS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.vaultlayer");

  private static final Set<String> EXCEPTIONS = Rooms.AMBIENT_EXCEPTIONS.keySet();

  @TestFactory
  Stream<DynamicTest> everyRuleHolds() {
    List<ArchRule> rules = new ArrayList<>(Rooms.arrows());
    rules.addAll(
        List.of(
            Rooms.everyClassIsInARoom(),
            Rooms.coreIsPure(),
            Rooms.coreReadsNothingAmbient(),
            Rooms.wireIsRecordsAndJackson(),
            Rooms.onlyThePlaneKnowsAws(),
            Rooms.functionsDoNotCircle(),
            Rooms.namesSayWhatAThingIs(),
            Rooms.onlyRootsReadAmbient(EXCEPTIONS)));
    return rules.stream().map(rule -> dynamicTest(rule.getDescription(), () -> rule.check(OURS)));
  }

  @TestFactory
  Stream<DynamicTest> everyRuleCatchesItsOffender() {
    ArchRule agentsArrow =
        Rooms.arrows().stream()
            .filter(rule -> rule.getDescription().startsWith("agent uses"))
            .findFirst()
            .orElseThrow();
    return Stream.of(
        caught(agentsArrow, UsesTheCli.class),
        caught(Rooms.everyClassIsInARoom(), Stray.class),
        caught(Rooms.coreIsPure(), OpensAFile.class),
        caught(Rooms.coreReadsNothingAmbient(), ReadsEverything.class),
        caught(Rooms.wireIsRecordsAndJackson(), UsesALogger.class),
        caught(Rooms.onlyThePlaneKnowsAws(), UsesTheCloud.class),
        caught(Rooms.functionsDoNotCircle(), UsesOne.class, UsesTwo.class),
        caught(Rooms.namesSayWhatAThingIs(), JobManager.class),
        caught(Rooms.onlyRootsReadAmbient(EXCEPTIONS), ReadsEverything.class));
  }

  @Test
  void everyBannedReadIsCaughtAndNothingElse() {
    List<String> caught =
        Rooms.onlyRootsReadAmbient(Set.of())
            .evaluate(new ClassFileImporter().importClasses(ReadsEverything.class))
            .getFailureReport()
            .getDetails()
            .stream()
            .map(detail -> detail.replaceAll(".*ReadsEverything\\.(\\w+)\\(.*", "$1"))
            .distinct()
            .sorted()
            .toList();
    List<String> planted =
        Stream.of(ReadsEverything.class.getDeclaredMethods())
            .map(java.lang.reflect.Method::getName)
            .filter(name -> name.startsWith("banned"))
            .sorted()
            .toList();
    assertThat(planted).hasSizeGreaterThan(10);
    assertThat(caught).isEqualTo(planted);
  }

  @Test
  void everyRoomThatHasCodeIsSeen() throws IOException {
    Path root = Path.of(System.getProperty("vaultlayer.root"));
    for (String room : Rooms.USES.keySet()) {
      Path sources =
          Stream.of(root.resolve("shared").resolve(room), root.resolve(room))
              .map(directory -> directory.resolve("src/main/java"))
              .filter(Files::isDirectory)
              .findFirst()
              .orElseThrow();
      if (hasCode(sources)) {
        assertThat(OURS.stream().map(type -> type.getPackageName() + "."))
            .as("classes of %s", room)
            .anyMatch(name -> name.startsWith("io.vaultlayer." + room + "."));
      }
    }
  }

  private static boolean hasCode(Path sources) throws IOException {
    try (Stream<Path> files = Files.walk(sources)) {
      return files
          .map(file -> file.getFileName().toString())
          .anyMatch(name -> name.endsWith(".java") && !name.equals("package-info.java"));
    }
  }

  @Test
  void everyExceptionIsStillNeeded() {
    List<String> offenders =
        Rooms.onlyRootsReadAmbient(Set.of()).evaluate(OURS).getFailureReport().getDetails();
    for (String exception : EXCEPTIONS) {
      assertThat(offenders).as("reads in %s", exception).anyMatch(line -> line.contains(exception));
    }
  }

  private static DynamicTest caught(ArchRule rule, Class<?>... offenders) {
    return dynamicTest(
        rule.getDescription(),
        () ->
            assertThat(
                    rule.evaluate(new ClassFileImporter().importClasses(offenders)).hasViolation())
                .isTrue());
  }
}
