package io.vaultlayer.cli.rehearse;

import java.util.List;

/**
 * What a rehearsal has found; the field names are those of {@code --json}. What could not be known
 * is null, or the word {@code unknown}.
 *
 * @param framework whose checkpoints they are: the import hook's word, {@code
 *     vaultlayer_checkpoint} for the helper module, {@code none} for a script's own
 * @param fidelity who restores: {@code framework}, {@code helper}, {@code script}, {@code none}
 * @param checkpointDir where the script saves, as it names it
 * @param deterministic whether two uninterrupted runs do the same; null: not seen
 * @param saveSeconds median of how long a save takes
 * @param result of the worst kill: {@code bit_equal}, {@code statistically_equal}, {@code
 *     different}, {@code not_comparable}
 * @param lossPerReclaimSeconds of training done twice for one lost machine, on average; null where
 *     everything is lost
 * @param verdict {@code safe}, {@code resumes_approximately}, {@code restarts_from_zero}, {@code
 *     breaks}, {@code unknown}
 * @param advice lines for people
 * @param insertion the exact lines to add, as a difference or as one writes them; may be empty
 */
public record RehearsalReport(
    String framework,
    String frameworkVersion,
    String fidelity,
    String checkpointDir,
    Boolean deterministic,
    List<SaveRow> saves,
    Double saveSeconds,
    List<Kill> kills,
    String result,
    Double lossPerReclaimSeconds,
    Double usdPerHour,
    Double lossPerReclaimUsd,
    String verdict,
    List<String> advice,
    List<String> insertion) {

  /** One committed save of the uninterrupted run. */
  public record SaveRow(long step, Double seconds, Long bytes) {}

  /**
   * One loss of the machine.
   *
   * @param when {@code between} two saves, or {@code inside} one
   * @param hit false where no moment of that kind was met; the rest is then null
   * @param resumedFrom step of the checkpoint that was put back; null: there was none
   * @param firstStep that the script did afterwards
   * @param restartSeconds from the start of the script to its first step
   * @param compared what was compared with the uninterrupted run; null: nothing of the same step
   * @param detail what else is to be said
   */
  public record Kill(
      String when,
      boolean hit,
      Long killedAtStep,
      Long resumedFrom,
      Long firstStep,
      Double restartSeconds,
      Continued continued,
      String compared,
      String result,
      String verdict,
      String detail) {}

  /** Each {@code exactly}, {@code approximately}, {@code no} or {@code unknown}. */
  public record Continued(
      String step, String loss, String learningRate, String optimizer, String rng) {}

  /** True where the job may be sent off as it is. */
  public boolean good() {
    return verdict.equals("safe") || verdict.equals("resumes_approximately");
  }
}
