package io.vaultlayer.cli.command;

import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.frame.Verb;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** A command of the contract that is not built yet: it has its help, and says so with exit 3. */
@Command(name = "vl")
public final class NotBuiltCommand extends Verb {
  private final String words;

  @Unmatched private List<String> ignored;

  public NotBuiltCommand(String words) {
    this.words = words;
  }

  public String words() {
    return words;
  }

  /** One line of how it will be called. */
  public static String example(String words) {
    return switch (words) {
      case "cost" -> "vl cost digits";
      case "connect" -> "vl connect storage s3://my-bucket";
      case "disconnect" -> "vl disconnect runpod";
      case "providers smoke" -> "vl providers smoke runpod";
      case "retrain" -> "vl retrain ls";
      case "secret" -> "vl secret set WANDB_API_KEY";
      case "export" -> "vl export digits";
      case "import" -> "vl import digits.json";
      case "report" -> "vl report digits";
      case "local" -> "vl local status";
      case "outputs" -> "vl outputs pull digits";
      default -> "vl " + words;
    };
  }

  @Override
  public int call(Shell shell) {
    throw Failure.refused(
        "not_built",
        "running vl "
            + words
            + ": this command is not built yet; vl --help lists the ones that are");
  }
}
