package io.vaultlayer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.ErrorDocument;
import io.vaultlayer.wire.Json;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
  /** Everything in the contract's table of commands. */
  static final List<String> CONTRACT =
      List.of(
          "demo",
          "init",
          "run",
          "ps",
          "status",
          "logs",
          "wait",
          "cancel",
          "resume",
          "checkpoints",
          "checkpoints pull",
          "outputs pull",
          "gpus",
          "estimate",
          "gpu-stats",
          "cost",
          "explain",
          "connect",
          "disconnect",
          "providers",
          "providers smoke",
          "kill-instance",
          "check",
          "rehearse",
          "retrain",
          "secret",
          "export",
          "import",
          "local up",
          "local down",
          "local status",
          "local credentials",
          "deploy",
          "ui",
          "report",
          "version",
          "completion");

  static List<String> contract() {
    return CONTRACT;
  }

  @TempDir Path directory;

  private Cli.Ran run(String... words) {
    return new Cli(directory).run(words);
  }

  @ParameterizedTest
  @MethodSource("contract")
  void everyCommandHasHelpWithAnExample(String words) {
    var ran = run((words + " --help").split(" "));
    assertThat(ran.exit()).isZero();
    assertThat(ran.out()).startsWith("Usage: vl " + words).contains("Example:\n  ");
    assertThat(ran.out().lines().reduce((a, b) -> b).orElseThrow()).contains("vl " + words);
    assertThat(ran.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cost",
        "connect",
        "disconnect",
        "providers smoke",
        "retrain",
        "secret",
        "export",
        "import",
        "deploy",
        "ui",
        "report"
      })
  void aCommandThatIsNotBuiltSaysSoAndExitsWith3(String words) {
    var ran = run((words + " something --else x").split(" "));
    assertThat(ran.exit()).isEqualTo(3);
    assertThat(ran.err())
        .isEqualTo(
            "running vl "
                + words
                + ": this command is not built yet; vl --help lists the ones that"
                + " are\n");
    var json = run((words + " --json").split(" "));
    assertThat(Json.parse(json.out(), ErrorDocument.class).code()).isEqualTo("not_built");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--saves 0",
        "--limit 10",
        "--price -1",
        "--checkpoint-dir /data/ckpt",
        "--image busybox",
        "no-such-program"
      })
  void aRehearsalThatCannotBeIsRefusedBeforeAnythingStarts(String words) {
    var ran = run(("rehearse " + words + " python3 -c pass").split(" "));
    assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
    assertThat(ran.err()).isNotEmpty();
    assertThat(directory.resolve("home")).doesNotExist();
  }

  @Test
  void theOverviewListsEveryCommand() {
    var ran = run("--help");
    assertThat(ran.exit()).isZero();
    for (var words : CONTRACT) {
      assertThat(ran.out()).contains("\n  " + words + " ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "ps --nonsense",
        "status",
        "status a b",
        "logs x --attempt zero",
        "local",
        "local sideways",
        "wait",
        "completion fish",
        "init --embedded --endpoint http://a",
        "init --endpoint ftp://a",
        "init",
        "demo --steps 3",
        "checkpoints pull x --step y"
      })
  void wrongUsageExitsWith2InOneShape(String line) {
    var ran = run(line.split(" "));
    assertThat(ran.exit()).as(ran.err()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).matches("[^;\n]+: [^;]+; .+\n").doesNotContain("Exception", "\tat ");
    var json = run((line + " --json").split(" "));
    assertThat(json.exit()).isEqualTo(2);
    assertThat(json.err()).isEmpty();
    var document = Json.tree(json.out());
    assertThat(document.fieldNames()).toIterable().containsExactly("code", "message", "detail");
    assertThat(document.path("message").asText() + "\n").isEqualTo(ran.err());
  }

  @Test
  void commonOptionsMayStandBeforeTheCommandToo() {
    assertThat(Json.tree(run("--json", "version").out()).path("java").asText()).isNotEmpty();
    assertThat(run("--help", "ps").out()).startsWith("Usage: vl ps");
    assertThat(run("help", "local", "up").out()).startsWith("Usage: vl local up");
  }

  @Test
  void whatWasTypedIsQuotedInOneLineWithoutItsControlCharacters() {
    var ran = run("run", "--name", "a\nb\u001b[2J", "true");
    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err().strip()).contains("a b [2J").doesNotContain("\n", "\u001b");
  }

  @Test
  void aStackTraceAppearsOnlyWithDebug() {
    assertThat(run("ps", "--nonsense", "--debug").err()).contains("\tat io.vaultlayer");
  }

  @Test
  void whatBelongsToTheTrainingCommandDoesNotChangeHowAFailureIsReported() {
    var ran = run("run", "--detach", "no-such-program", "--json", "--debug");
    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).contains("no such program").doesNotContain("\tat ");
  }

  @Test
  void aMistypedCommandIsSuggested() {
    assertThat(run("statsu").err()).contains("did you mean vl status?");
    assertThat(run("pull").err()).contains("did you mean vl checkpoints pull?");
    assertThat(run("run", "--max-price", "cheap", "sh").err()).contains("'cheap' is not a number;");
  }

  @Test
  void aSecondWordThatIsNoCommandIsAnArgument() {
    var ran = run("checkpoints", "digits");
    assertThat(ran.exit()).isEqualTo(4);
    assertThat(ran.err()).startsWith("finding job digits: no such job; ");
  }
}
