package io.vaultlayer.agent.hook;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.agent.note.AgentLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HookTest {
  private static final String FOUND =
      "{\"event\":\"found\",\"framework\":\"transformers\",\"asks\":true,\"step\":0}\n";

  @TempDir Path directory;
  private final List<String> warnings = new ArrayList<>();
  private Hook hook;

  @BeforeEach
  void open() {
    hook =
        new Hook(
            directory,
            new AgentLog(directory.resolve("agent.log"), () -> Instant.EPOCH),
            warnings::add);
  }

  private void told(String text) throws IOException {
    Files.writeString(
        directory.resolve("events.jsonl"),
        text,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    hook.look();
  }

  @Test
  void whatTheHookTellsIsTakenInLineByLine() throws IOException {
    hook.look();
    assertThat(hook.framework()).isEmpty();
    told(FOUND + "{\"event\":\"sav");
    assertThat(hook.framework()).contains("transformers");
    assertThat(hook.asks()).isTrue();
    assertThat(hook.savedStep()).isEmpty();
    told("ed\",\"step\":40,\"seconds\":1.5}\n{\"event\":\"resumed\",\"step\":30}\n");
    assertThat(hook.savedStep()).hasValue(40);
    assertThat(hook.saveSeconds()).hasValue(1.5);
    assertThat(hook.resumedStep()).hasValue(30);
    told("{\"event\":\"ended\"}\n");
    assertThat(hook.asks()).isFalse();
    assertThat(Files.readString(directory.resolve("agent.log"))).contains("hook_resumed");
  }

  @Test
  void itIsKnownHowManyProcessesSaveTogetherAndNonsenseIsNotBelieved() throws IOException {
    assertThat(hook.world()).isEmpty();
    told("{\"event\":\"found\",\"framework\":\"accelerate\",\"world\":4}\n");
    assertThat(hook.world()).hasValue(4);
    told("{\"event\":\"saved\",\"step\":40,\"world\":9}\n");
    assertThat(hook.world()).hasValue(4);
    for (String odd : List.of("0", "-1", "4.5", "\"4\"", "99999999999")) {
      told("{\"event\":\"found\",\"framework\":\"accelerate\",\"world\":" + odd + "}\n");
      assertThat(hook.world()).as(odd).isEmpty();
    }
  }

  @Test
  void noticesAndErrorsReachTheUserAndNonsenseIsPassedOver() throws IOException {
    told("no json\n[]\n{\"event\":7}\n{\"event\":\"notice\",\"text\":\"look here\"}\n");
    told("{\"event\":\"error\",\"doing\":\"patching x\",\"text\":\"boom\"}\n");
    told("{\"event\":\"saved\",\"step\":\"many\",\"seconds\":-1}\n");
    assertThat(warnings)
        .containsExactly("look here", "the import hook failed while patching x: boom");
    assertThat(hook.savedStep()).isEmpty();
    assertThat(hook.saveSeconds()).isEmpty();
  }

  @Test
  void aLineWithoutAnEndStopsNothingThatComesAfterIt() throws IOException {
    told("x".repeat(300 << 10));
    hook.look();
    told("\n" + FOUND);
    assertThat(hook.framework()).contains("transformers");
  }

  @Test
  void aRequestIsLeftForTheHookAndItsAnswerFound() throws IOException, InterruptedException {
    SaveRequests requests = hook.requests();
    String first = requests.ask();
    assertThat(directory.resolve("save-now")).hasContent(first);
    assertThat(requests.answer(first)).isInstanceOf(SaveRequests.Answer.Waiting.class);
    String second = requests.ask();
    assertThat(second).isNotEqualTo(first);
    assertThat(directory.resolve("save-now")).hasContent(second);
    told("{\"event\":\"saved\",\"step\":12,\"seconds\":0.5,\"request\":\"" + second + "\"}\n");
    assertThat(requests.await(second, Duration.ofSeconds(5)))
        .isEqualTo(new SaveRequests.Answer.Saved(OptionalLong.of(12), OptionalDouble.of(0.5)));
    told(
        "{\"event\":\"error\",\"doing\":\"saving\",\"text\":\"full\",\"request\":\""
            + first
            + "\"}\n");
    assertThat(requests.answer(first)).isEqualTo(new SaveRequests.Answer.Failed("saving: full"));
  }
}
