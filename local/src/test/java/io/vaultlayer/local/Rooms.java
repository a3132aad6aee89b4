package io.vaultlayer.local;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The import rules of docs/decisions/0001 as checks; {@link RoomsTest} runs them. */
final class Rooms {
  private Rooms() {}

  /** Each room, and the rooms that it may use. */
  static final Map<String, Set<String>> USES =
      Map.of(
          "core", Set.of(),
          "wire", Set.of("core"),
          "testkit", Set.of("core", "wire"),
          "aws", Set.of("core", "wire"),
          "providers", Set.of("core", "wire"),
          "functions", Set.of("core", "wire", "aws", "providers"),
          "agent", Set.of("core", "wire"),
          "cli", Set.of("core", "wire"),
          "local", Set.of("core", "wire", "aws", "providers", "functions"));

  /**
   * Classes that read time, chance or environment although their name does not say composition
   * root, each with the reason. Keep it short: a constructor argument is nearly always the answer.
   */
  static final Map<String, String> AMBIENT_EXCEPTIONS = ambientExceptions();

  private static Map<String, String> ambientExceptions() {
    Map<String, String> reasons = new TreeMap<>();
    String main = "part of LocalMain, in a file of its own for its length";
    for (String name : List.of("LocalProviders", "OwnProcess", "Training")) {
      reasons.put("io.vaultlayer.local." + name, main);
    }
    String eventId = "a random event or request id, which no decision reads";
    for (String name : List.of("bus.LocalBus", "bus.Schedules", "http.GatewayEvent")) {
      reasons.put("io.vaultlayer.local." + name, eventId);
    }
    String lambda = "plays the Lambda runtime: request ids and a time limit that really passes";
    for (String name : List.of("function.FunctionHost", "function.Invocation")) {
      reasons.put("io.vaultlayer.local." + name, lambda);
    }
    String wait = "bounds a wait for real files or uploads, never what they mean";
    for (String name : List.of("CheckpointPipeline", "Ledger", "OutputsUploader", "Watch")) {
      reasons.put("io.vaultlayer.agent.checkpoint." + name, wait);
    }
    reasons.put("io.vaultlayer.agent.hook.SaveRequests", wait);
    String rehearsal = "times real processes of the rehearsal, and bounds the wait for them";
    for (String name : List.of("Eye", "Strays", "Struck")) {
      reasons.put("io.vaultlayer.cli.rehearse." + name, rehearsal);
    }
    String socket = "paces and bounds what goes through real sockets, never what it means";
    for (String name : List.of("PlainWire", "Throttle", "TlsWire", "Wires")) {
      reasons.put("io.vaultlayer.agent.s3." + name, socket);
    }
    reasons.put("io.vaultlayer.agent.s3.S3Objects", "signs requests with the date they carry");
    reasons.put(
        "io.vaultlayer.agent.s3.Tries", "spreads retries, so that agents do not retry as one");
    return reasons;
  }

  /** Packages of java.base in which nothing reaches outside the process. */
  private static final Set<String> PURE_PACKAGES =
      Set.of(
          "java.lang",
          "java.lang.annotation",
          "java.lang.invoke",
          "java.lang.runtime",
          "java.math",
          "java.nio.charset",
          "java.text",
          "java.time",
          "java.time.format",
          "java.time.temporal",
          "java.util",
          "java.util.function",
          "java.util.regex",
          "java.util.stream");

  /** Single pure classes of packages that are otherwise about the outside. */
  private static final Set<String> PURE_CLASSES =
      Set.of(
          "java.io.Serializable",
          "java.net.URI",
          "java.security.MessageDigest",
          "java.security.NoSuchAlgorithmException");

  private static final Set<String> IMPURE_CLASSES =
      Set.of(
          "java.lang.Process",
          "java.lang.ProcessBuilder",
          "java.lang.ProcessHandle",
          "java.lang.Runtime",
          "java.lang.Thread",
          "java.lang.ThreadLocal",
          "java.util.Random",
          "java.util.Scanner",
          "java.util.Timer");

  /** Zero-argument {@code now()}, or one that takes a zone, asks the machine's clock. */
  private static final Set<String> CLOCKED =
      Set.of(
          "java.time.Instant",
          "java.time.LocalDate",
          "java.time.LocalDateTime",
          "java.time.LocalTime",
          "java.time.OffsetDateTime",
          "java.time.OffsetTime",
          "java.time.Year",
          "java.time.YearMonth",
          "java.time.ZonedDateTime");

  private static final Set<String> AMBIENT_METHODS =
      Set.of(
          "java.lang.System.currentTimeMillis",
          "java.lang.System.nanoTime",
          "java.lang.System.getenv",
          "java.lang.System.getProperty",
          "java.lang.System.getProperties",
          "java.lang.Boolean.getBoolean",
          "java.lang.Integer.getInteger",
          "java.lang.Long.getLong",
          "java.lang.Math.random",
          "java.lang.StrictMath.random",
          "java.util.UUID.randomUUID",
          "java.time.InstantSource.system",
          "java.time.Clock.systemUTC",
          "java.time.Clock.systemDefaultZone",
          "java.time.Clock.system",
          "java.time.Clock.tickMillis",
          "java.time.Clock.tickSeconds",
          "java.time.Clock.tickMinutes");

  private static final Set<String> AMBIENT_CLASSES =
      Set.of("java.util.concurrent.ThreadLocalRandom", "java.security.SecureRandom");

  static String room(String name) {
    return "io.vaultlayer." + name + "..";
  }

  static List<ArchRule> arrows() {
    List<ArchRule> rules = new ArrayList<>();
    for (String name : USES.keySet().stream().sorted().toList()) {
      String[] forbidden =
          USES.keySet().stream()
              .filter(other -> !other.equals(name) && !USES.get(name).contains(other))
              .map(Rooms::room)
              .toArray(String[]::new);
      rules.add(
          noClasses()
              .that()
              .resideInAPackage(room(name))
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(forbidden)
              .allowEmptyShould(true) // RoomsTest checks that no room with code is empty
              .as(name + " uses only " + USES.get(name).stream().sorted().toList()));
    }
    return rules;
  }

  static ArchRule everyClassIsInARoom() {
    return classes()
        .should()
        .resideInAnyPackage(USES.keySet().stream().map(Rooms::room).toArray(String[]::new))
        .as("every class is in a room");
  }

  static ArchRule coreIsPure() {
    DescribedPredicate<JavaClass> pure =
        describe(
            "pure",
            used -> {
              String name = used.getBaseComponentType().getName();
              return used.getBaseComponentType().isPrimitive()
                  || name.startsWith("io.vaultlayer.core.")
                  || PURE_CLASSES.contains(name)
                  || (PURE_PACKAGES.contains(used.getBaseComponentType().getPackageName())
                      && !IMPURE_CLASSES.contains(name));
            });
    return classes()
        .that()
        .resideInAPackage(room("core"))
        .should()
        .onlyDependOnClassesThat(pure)
        .as("core uses nothing but itself and the pure part of java.base");
  }

  static ArchRule wireIsRecordsAndJackson() {
    return classes()
        .that()
        .resideInAPackage(room("wire"))
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(room("wire"), room("core"), "java..", "com.fasterxml.jackson..")
        .as("wire uses Jackson and nothing else from outside");
  }

  static ArchRule onlyThePlaneKnowsAws() {
    return noClasses()
        .that()
        .resideInAnyPackage(
            room("core"),
            room("wire"),
            room("agent"),
            room("cli"),
            room("providers"),
            room("testkit"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("software.amazon..", "com.amazonaws..", "io.micronaut..")
        .as("AWS and Micronaut stay in aws, functions and local");
  }

  static ArchRule functionsDoNotCircle() {
    return slices()
        .matching("io.vaultlayer.functions.(**)")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .as("functions do not know each other in a circle");
  }

  static ArchRule namesSayWhatAThingIs() {
    return noClasses()
        .should()
        .haveNameMatching(".*(Util|Utils|Manager|Helper|Service|Impl)")
        .as("no class is called util, manager, helper, service or impl");
  }

  static ArchRule coreReadsNothingAmbient() {
    return noClasses()
        .that()
        .resideInAPackage(room("core"))
        .should()
        .accessTargetWhere(ambient())
        .as("core reads no clock, chance or environment");
  }

  /**
   * The rule with these exceptions; the test also runs it without, to find those that are stale.
   */
  static ArchRule onlyRootsReadAmbient(Set<String> exceptions) {
    return noClasses()
        .that(not(compositionRoot()))
        .and(not(describe("excepted", type -> exceptions.contains(outermost(type).getName()))))
        .should()
        .accessTargetWhere(ambient())
        .as("clock, chance and environment are read in composition roots only");
  }

  private static DescribedPredicate<JavaClass> compositionRoot() {
    return describe(
        "composition root",
        type -> {
          String name = outermost(type).getSimpleName();
          String packageName = type.getPackageName();
          return Stream.of("Main", "Function", "Composition", "Platform").anyMatch(name::endsWith)
              || name.equals("Vl") // the command line's main class
              || Stream.of("agent", "cli", "local")
                  .anyMatch(room -> packageName.startsWith("io.vaultlayer." + room + ".system"));
        });
  }

  private static JavaClass outermost(JavaClass type) {
    return type.getEnclosingClass().map(Rooms::outermost).orElse(type);
  }

  private static DescribedPredicate<JavaAccess<?>> ambient() {
    return describe(
        "a read of clock, chance or environment",
        access -> {
          String owner = access.getTargetOwner().getName();
          String name = access.getTarget().getName();
          return AMBIENT_CLASSES.contains(owner)
              || AMBIENT_METHODS.contains(owner + "." + name)
              || (CLOCKED.contains(owner) && name.equals("now") && !takesAClock(access))
              || (owner.equals("java.util.Random") && name.equals("<init>") && !takesASeed(access));
        });
  }

  private static boolean takesAClock(JavaAccess<?> access) {
    return access.getTarget().getFullName().contains("java.time.Clock");
  }

  private static boolean takesASeed(JavaAccess<?> access) {
    return access.getTarget().getFullName().endsWith("(long)");
  }
}
