package io.vaultlayer.cli.frame;

import io.vaultlayer.core.home.HomeFolder;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * What the calling shell gives to one run of the program. Tests build one of their own; nothing
 * else in this room reads the environment, a clock or chance.
 *
 * @param out results only
 * @param err progress and messages
 * @param errIsTerminal whether progress may be drawn on {@code err}
 * @param inIsTerminal whether a question may be asked
 * @param directory the current directory, absolute
 * @param random for keys that nobody else may guess or repeat
 */
public record Shell(
    PrintStream out,
    PrintStream err,
    boolean errIsTerminal,
    boolean inIsTerminal,
    Path directory,
    Map<String, String> environment,
    Clock clock,
    RandomGenerator random,
    Installation installation) {

  /**
   * Configuration and data: {@code VAULTLAYER_HOME}, else {@code ~/.vaultlayer}. @throws Failure
   * when nobody knows where that is
   */
  public Path home() {
    return HomeFolder.ofVaultLayer(environment, installation.accountHome())
        .map(directory::resolve)
        .orElseThrow(Shell::homeless)
        .normalize();
  }

  /** What {@code ~} means in this shell. @throws Failure when nobody knows */
  public Path userHome() {
    return HomeFolder.ofUser(environment, installation.accountHome())
        .map(Path::of)
        .orElseThrow(Shell::homeless);
  }

  private static Failure homeless() {
    return Failure.refused(
        "no_home",
        "finding the home directory: HOME is not set and the user database has none; set HOME or"
            + " VAULTLAYER_HOME to a directory of yours");
  }

  /** An environment variable that is set and not empty. */
  public Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  /** One line to the user that is no result. */
  public void say(String line) {
    err.print("vl: " + line + "\n");
    err.flush();
  }

  /** One line of a result. */
  public void print(String line) {
    out.print(line + "\n");
  }

  public void pause(long millis) throws InterruptedException {
    Thread.sleep(millis);
  }
}
