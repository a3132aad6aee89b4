package io.vaultlayer.agent.hook;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnreachedTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "python -I train.py",
        "/usr/bin/python3.12 -u -E train.py",
        "python3 -sS -m train",
        "python -W ignore -X dev -uE train.py",
        "uv run python -I train.py"
      })
  void aPythonThatLoadsNoHookIsNamed(String command) {
    assertThat(Unreached.by(List.of(command.split(" "))).orElseThrow())
        .startsWith("python -")
        .contains("import hook is not there");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "python train.py -I -E",
        "python3 -u -m train -S",
        "python -X frozen_modules train.py",
        "python -c SIE",
        "torchrun --nproc-per-node 2 train.py",
        "python",
        "cat -E notes"
      })
  void whatIsTheScriptsOrAnotherProgramsIsNoOption(String command) {
    assertThat(Unreached.by(List.of(command.split(" ")))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"cd src && exec python3 -I train.py", "python prepare.py; python -E t.py"})
  void shellTextIsLookedThrough(String text) {
    assertThat(Unreached.by(List.of("sh", "-c", text))).isPresent();
  }
}
