package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import io.vaultlayer.wire.Json;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "vl completion",
    description = "Print a completion script for the commands' names.",
    footer = {"", "Example:", "  source <(vl completion bash)"})
public final class CompletionCommand extends Verb {
  private final List<String> commands;

  @Parameters(index = "0", paramLabel = "bash|zsh", description = "The shell.")
  private String name;

  /**
   * @param commands of one or two words
   */
  public CompletionCommand(List<String> commands) {
    this.commands = commands;
  }

  @Override
  public int call(Shell shell) {
    if (!name.equals("bash") && !name.equals("zsh")) {
      throw Failure.usage(
          "bad_value", "making a completion for " + name + ": unknown shell; use bash or zsh");
    }
    var script =
        (name.equals("zsh") ? "autoload -U +X bashcompinit && bashcompinit\n" : "") + bash();
    shell.out().print(json ? Json.render(Map.of("shell", name, "script", script)) + "\n" : script);
    return ExitCode.DONE;
  }

  private String bash() {
    var text = new StringBuilder("_vl() {\n  local word=${COMP_WORDS[COMP_CWORD]} words=\n");
    text.append("  case $COMP_CWORD in\n  1) words='").append(first()).append("' ;;\n");
    text.append("  2)\n    case ${COMP_WORDS[1]} in\n");
    commands.stream()
        .filter(words -> words.contains(" "))
        .collect(
            Collectors.groupingBy(
                words -> words.substring(0, words.indexOf(' ')),
                java.util.TreeMap::new,
                Collectors.mapping(
                    words -> words.substring(words.indexOf(' ') + 1), Collectors.joining(" "))))
        .forEach((word, next) ->
            text.append("    ").append(word).append(") words='").append(next).append("' ;;\n"));
    text.append("    esac\n    ;;\n  esac\n");
    text.append("  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n");
    text.append("complete -o default -F _vl vl vaultlayer\n");
    return text.toString();
  }

  private String first() {
    return commands.stream()
        .map(words -> words.split(" ")[0])
        .distinct()
        .collect(Collectors.joining(" "));
  }
}
