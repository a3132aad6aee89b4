package io.vaultlayer.functions.api;

import io.vaultlayer.core.place.GpuClass;
import io.vaultlayer.core.retain.Keep;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.state.JobSpec;
import io.vaultlayer.wire.SubmitRequest;
import io.vaultlayer.wire.SubmitRequest.GpuWish;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a submission must satisfy. The command line checks the same before, with kinder words. */
final class SubmitRules {
  static final int MOST_WORDS = 4096;
  static final int MOST_VARIABLES = 1000;
  static final int MOST_COMMAND_BYTES = 128 << 10;

  /**
   * All variables of a submission, or any other text in it, in UTF-8: each is stored in one row.
   */
  static final int MOST_TEXT_BYTES = 256 << 10;

  static final int MOST_SETUP_BYTES = 64 << 10;
  static final int MOST_PATH_BYTES = 4096;
  static final int MOST_PROVIDERS = 32;
  static final long MOST_WORKDIR_BYTES = 2L << 30;
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,200}");
  private static final Pattern JOB_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final int MOST_EXIT_CODES = 32;
  private static final Pattern EVERY = Pattern.compile("[1-9]\\d{0,9}|\\d{1,6}[smhd]");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,6})([smhd])");
  private final Platform platform;

  SubmitRules(Platform platform) {
    this.platform = platform;
  }

  JobSpec spec(SubmitRequest r, String digest, Instant now) {
    var command = r.command() == null ? List.<String>of() : r.command();
    require(
        command.stream().allMatch(word -> word != null && word.indexOf('\0') < 0),
        "malformed",
        "the command has a word that is null or has a NUL in it");
    require(
        !command.isEmpty() && !command.getFirst().isBlank(),
        "empty_command",
        "the command is empty");
    require(
        command.size() <= MOST_WORDS && bytes(command.stream()) <= MOST_COMMAND_BYTES,
        "too_large",
        413,
        "the command is longer than " + MOST_COMMAND_BYTES + " bytes or " + MOST_WORDS + " words");
    require(
        r.workdir() != null
            && r.workdir().sha256() != null
            && SHA256.matcher(r.workdir().sha256()).matches(),
        "malformed",
        "workdir.sha256 must be the 64 hex digits of the packed work directory");
    require(r.workdir().bytes() > 0, "malformed", "workdir.bytes must be above 0");
    require(
        r.workdir().bytes() <= MOST_WORKDIR_BYTES,
        "too_large",
        413,
        "the packed work directory must have 1 to "
            + MOST_WORKDIR_BYTES
            + " bytes; leave files out with .vlignore");
    require(
        r.maxAttempts() == null || r.maxAttempts() >= 1,
        "malformed",
        "maxAttempts must be 1 or more");
    require(
        r.pricing() == null || r.pricing().equals("spot") || r.pricing().equals("on-demand"),
        "malformed",
        "pricing is spot or on-demand");
    var retryExitCodes = r.retryExitCodes() == null ? List.<Integer>of() : r.retryExitCodes();
    require(
        retryExitCodes.size() <= MOST_EXIT_CODES
            && retryExitCodes.stream().allMatch(c -> c != null && c >= 1 && c <= 255),
        "malformed",
        "retryExitCodes are at most " + MOST_EXIT_CODES + " codes from 1 to 255");
    require(
        r.budgetUsd() == null || r.budgetUsd() > 0 && Double.isFinite(r.budgetUsd()),
        "malformed",
        "the budget must be an amount above 0");
    require(
        r.maxPriceUsdPerHour() == null
            || r.maxPriceUsdPerHour() >= 0 && Double.isFinite(r.maxPriceUsdPerHour()),
        "malformed",
        "the price limit must be an amount from 0");
    require(
        r.checkpointEvery() == null || EVERY.matcher(r.checkpointEvery()).matches(),
        "malformed",
        "checkpointEvery is a number of steps or a duration such as 10m");
    checkTexts(r);
    require(
        r.secrets() == null || r.secrets().isEmpty(),
        "not_built",
        "job secrets are not built yet; pass values with --env");
    require(
        r.image() == null,
        "not_built",
        "images are not built yet; the local provider uses this machine's own programs");
    var name = r.name() == null || r.name().isBlank() ? defaultName(command) : r.name();
    require(
        JOB_NAME.matcher(name).matches(),
        "malformed",
        "a job name has 1 to 63 letters, digits, dots, dashes and underscores");
    var named = r.providers() == null ? List.<String>of() : r.providers();
    require(
        named.size() <= MOST_PROVIDERS && named.stream().allMatch(java.util.Objects::nonNull),
        "malformed",
        "providers are at most " + MOST_PROVIDERS + " names");
    var providers = List.copyOf(named);
    var wishes = wishes(r.gpu());
    checkPlaces(wishes, providers);
    return new JobSpec(
        name,
        List.copyOf(command),
        wishes,
        r.failover() == null || r.failover(),
        Optional.ofNullable(r.pricing()),
        providers,
        Optional.ofNullable(r.setup()),
        Optional.ofNullable(r.checkpointDir()),
        Optional.ofNullable(r.checkpointEvery()),
        Optional.ofNullable(r.budgetUsd()),
        Optional.ofNullable(r.maxPriceUsdPerHour()),
        maxWait(r.maxWait()),
        List.copyOf(retryExitCodes),
        keep(r),
        r.workdir().sha256(),
        r.workdir().bytes(),
        digest,
        now);
  }

  static Keep keep(SubmitRequest r) {
    int last = r.keepLast() == null ? Keep.USUAL.last() : r.keepLast();
    int every = r.keepEvery() == null ? Keep.USUAL.every() : r.keepEvery();
    require(
        last >= Keep.LEAST_LAST && last <= Keep.MOST && every >= 0 && every <= Keep.MOST,
        "malformed",
        "keepLast is 2 to " + Keep.MOST + ", keepEvery 0 to " + Keep.MOST);
    return new Keep(last, every);
  }

  /** What is stored as it came: no row may grow beyond what every store takes. */
  private static void checkTexts(SubmitRequest r) {
    require(
        r.setup() == null || r.setup().indexOf('\0') < 0 && bytes(r.setup()) <= MOST_SETUP_BYTES,
        "too_large",
        413,
        "setup has at most " + MOST_SETUP_BYTES + " bytes and no NUL");
    require(
        r.checkpointDir() == null
            || !r.checkpointDir().isBlank()
                && r.checkpointDir().indexOf('\0') < 0
                && bytes(r.checkpointDir()) <= MOST_PATH_BYTES,
        "malformed",
        "checkpointDir is a path of at most " + MOST_PATH_BYTES + " bytes");
    require(
        bytes(r.environment()) + bytes(r.hostEnvironment()) <= MOST_TEXT_BYTES,
        "too_large",
        413,
        "the variables have more than "
            + MOST_TEXT_BYTES
            + " bytes together; put large values into files of the work directory");
  }

  private static long bytes(Map<String, String> environment) {
    return environment == null
        ? 0
        : bytes(Stream.concat(environment.keySet().stream(), environment.values().stream()));
  }

  private static long bytes(Stream<String> texts) {
    return texts.filter(java.util.Objects::nonNull).mapToLong(SubmitRules::bytes).sum();
  }

  private static long bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static List<GpuWish> wishes(List<GpuWish> wishes) {
    if (wishes == null) {
      return List.of();
    }
    require(wishes.size() <= 16, "malformed", "at most 16 GPU classes may be named");
    return wishes.stream().map(SubmitRules::canonical).toList();
  }

  private static GpuWish canonical(GpuWish wish) {
    require(wish != null, "malformed", "a wished GPU has a gpu and a count");
    var known = GpuClass.find(String.valueOf(wish.gpu()));
    if (known.isEmpty()) {
      var names = GpuClass.known().stream().map(GpuClass::name).collect(Collectors.joining(", "));
      throw new ApiError(
          400,
          "unknown_gpu",
          "submitting: unknown GPU class " + wish.gpu() + "; known are " + names,
          Map.of("known", GpuClass.known().stream().map(GpuClass::name).toList()));
    }
    require(
        wish.count() >= 1 && wish.count() <= 16,
        "malformed",
        "the GPU count is 1 to 16; multi-node is not supported");
    return new GpuWish(known.get().name(), wish.count());
  }

  /** Refuses what no provider of this deployment can ever run, before anything is stored. */
  private void checkPlaces(List<GpuWish> wishes, List<String> named) {
    var providers =
        platform.providers().stream().filter(p -> p.facts().status().equals("validated")).toList();
    for (var name : named) {
      require(
          providers.stream().anyMatch(p -> p.facts().name().equals(name)),
          "unknown_provider",
          422,
          "the provider " + name + " is not connected or not validated; `vl providers` lists them");
    }
    if (wishes.isEmpty() || named.contains("local")) {
      return;
    }
    var classes = wishes.stream().map(w -> GpuClass.find(w.gpu()).orElseThrow()).toList();
    var found =
        providers.stream()
            .filter(p -> named.isEmpty() || named.contains(p.facts().name()))
            .flatMap(p -> p.offers(classes).stream())
            .anyMatch(o -> o.present());
    var text = wishes.stream().map(GpuWish::gpu).collect(Collectors.joining(", "));
    require(
        found,
        "gpu_not_available",
        422,
        "no connected provider has "
            + text
            + "; connect one with `vl connect PROVIDER`, or name `--provider local` to run here without it");
  }

  private static Optional<Duration> maxWait(String text) {
    if (text == null || text.isBlank()) {
      return Optional.empty();
    }
    var duration = DURATION.matcher(text.strip());
    require(duration.matches(), "malformed", "maxWait " + text + " is no duration such as 90m");
    return Optional.of(amount(Long.parseLong(duration.group(1)), duration.group(2)));
  }

  Optional<Instant> deadline(String text, Instant now) {
    if (text == null || text.isBlank()) {
      return Optional.empty();
    }
    var duration = DURATION.matcher(text.strip());
    try {
      var at =
          duration.matches()
              ? now.plus(amount(Long.parseLong(duration.group(1)), duration.group(2)))
              : Instant.parse(text.strip());
      require(at.isAfter(now), "malformed", "the deadline " + text + " has passed");
      return Optional.of(at);
    } catch (DateTimeParseException e) {
      throw new ApiError(
          400,
          "malformed",
          "submitting: the deadline "
              + text
              + " is no duration such as 90m or 6h and no RFC 3339 time; correct it and submit"
              + " again");
    }
  }

  private static Duration amount(long n, String unit) {
    return switch (unit) {
      case "s" -> Duration.ofSeconds(n);
      case "m" -> Duration.ofMinutes(n);
      case "h" -> Duration.ofHours(n);
      default -> Duration.ofDays(n);
    };
  }

  static Map<String, Object> checkedEnvironment(Map<String, String> environment) {
    var out = new LinkedHashMap<String, Object>();
    if (environment == null) {
      return out;
    }
    require(
        environment.size() <= MOST_VARIABLES,
        "too_large",
        413,
        "at most " + MOST_VARIABLES + " variables may be given");
    environment.forEach((name, value) -> {
      require(
          name != null && NAME.matcher(name).matches(),
          "malformed",
          "a variable's name has letters, digits and underscores: " + name);
      require(
          value != null && value.indexOf('\0') < 0,
          "malformed",
          "the value of " + name + " is missing or has a NUL in it");
      out.put(name, value);
    });
    return out;
  }

  static void checkKey(String key) {
    require(
        KEY.matcher(key).matches(),
        "malformed",
        "an idempotency key has 1 to 200 printable characters");
  }

  private static String defaultName(List<String> command) {
    var word =
        command.stream()
            .filter(w -> w.matches(".*\\.(py|sh)$"))
            .findFirst()
            .orElse(command.getFirst());
    var base =
        word.substring(word.lastIndexOf('/') + 1)
            .replaceAll("\\.(py|sh)$", "")
            .replaceAll("[^A-Za-z0-9._-]", "-");
    base = base.replaceAll("^[^A-Za-z0-9]+", "");
    return base.isEmpty() ? "job" : base.substring(0, Math.min(63, base.length()));
  }

  private static void require(boolean holds, String code, String what) {
    require(holds, code, 400, what);
  }

  private static void require(boolean holds, String code, int status, String what) {
    if (!holds) {
      var then = what.contains("; ") ? "" : "; correct it and submit again";
      throw new ApiError(status, code, "submitting: " + what + then);
    }
  }
}
