package io.vaultlayer.core.progress;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one line of a script's output says about its progress.
 *
 * <p>A step counts only where the word {@code step}, {@code iter} or {@code iteration} stands in
 * the singular directly before a whole number ({@code step 120/2000}, {@code Step: 120}, {@code
 * 'step': 120}, {@code global_step=120}, {@code step [120/2000]}), or where such a word and a count
 * {@code [120/2000]} stand in one line. It does not count in a line about checkpoints ({@code
 * checkpoint-800}, {@code resuming}, {@code restored}, {@code loaded}, {@code saved}), nor after a
 * word that makes it something else ({@code from step}, {@code every step}, {@code val step},
 * {@code warmup step}, {@code total step}), nor as part of a number with a fraction or a unit. A
 * step that is missed is learnt from the next line or the next checkpoint; one that is wrong would
 * be shown to the user.
 */
public record StepLine(OptionalLong step, OptionalDouble loss, OptionalDouble learningRate) {
  /** Longer lines are data, not progress. */
  public static final int LONGEST = 2000;

  private static final String NOT_AFTER =
      "(?<!\\b(?:from|at|to|every|each|per|val|valid|validation|eval|evaluation|test|warmup|total"
          + "|max|last|best|next|until|after|of|since)[ _-]{1,2})";
  private static final Pattern ABOUT_CHECKPOINTS =
      Pattern.compile(
          "resum|restor|\\bload|checkpoint|\\bckpt|\\bsav(?:ed|ing)\\b", Pattern.CASE_INSENSITIVE);
  private static final Pattern STEP =
      Pattern.compile(
          NOT_AFTER
              + "(?<![\\w/.-])(?:(?:global|train|training|optimizer)[ _-])?(?:step|iter|iteration)"
              + "[\"']?\\s{0,3}[:=#]?\\s{0,8}[\\[(]?\\s{0,8}(\\d{1,15})(?![\\w%-]|[.,]\\d)",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern WORD =
      Pattern.compile("\\b(?:steps?|iters?|iterations?)\\b", Pattern.CASE_INSENSITIVE);
  private static final Pattern COUNT =
      Pattern.compile("\\[\\s{0,8}(\\d{1,15})\\s{0,3}/\\s{0,3}\\d{1,15}\\s{0,3}\\]");
  private static final Pattern LOSS =
      Pattern.compile(
          "(?<!\\b(?:val|valid|validation|eval|evaluation|test|best|min)[ _-]{1,2})"
              + "(?<![\\w/.-])(?:(?:train|training)[ _-])?loss[\"']?\\s{0,3}[:=]?\\s{0,8}"
              + "([+-]?(?:\\d{1,20}(?:\\.\\d{0,20})?(?:e[+-]?\\d{1,3})?|nan|inf(?:inity)?))"
              + "(?![\\w%])",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern LEARNING_RATE =
      Pattern.compile(
          "(?<![\\w/.-])(?:lr|learning[ _-]?rate)[\"']?\\s{0,3}[:=]?\\s{0,8}[\\[(]?"
              + "(\\d{1,20}(?:\\.\\d{0,20})?(?:e[+-]?\\d{1,3})?)(?![\\w%])",
          Pattern.CASE_INSENSITIVE);

  static final StepLine NOTHING =
      new StepLine(OptionalLong.empty(), OptionalDouble.empty(), OptionalDouble.empty());

  public static StepLine parse(String line) {
    if (line.length() > LONGEST || ABOUT_CHECKPOINTS.matcher(line).find()) {
      return NOTHING;
    }
    return new StepLine(step(line), number(LOSS, line), number(LEARNING_RATE, line));
  }

  private static OptionalLong step(String line) {
    Matcher direct = STEP.matcher(line);
    if (direct.find()) {
      return OptionalLong.of(Long.parseLong(direct.group(1)));
    }
    Matcher count = COUNT.matcher(line);
    return WORD.matcher(line).find() && count.find()
        ? OptionalLong.of(Long.parseLong(count.group(1)))
        : OptionalLong.empty();
  }

  private static OptionalDouble number(Pattern what, String line) {
    Matcher found = what.matcher(line);
    return found.find() ? number(found.group(1)) : OptionalDouble.empty();
  }

  /** Reads a number as scripts write it: {@code nan} and {@code -inf} as well. */
  public static OptionalDouble number(String text) {
    String plain = text.toLowerCase(java.util.Locale.ROOT);
    String unsigned = plain.startsWith("-") || plain.startsWith("+") ? plain.substring(1) : plain;
    Optional<Double> special =
        unsigned.equals("nan")
            ? Optional.of(Double.NaN)
            : unsigned.startsWith("inf") ? Optional.of(Double.POSITIVE_INFINITY) : Optional.empty();
    if (special.isPresent()) {
      return OptionalDouble.of(plain.startsWith("-") ? -special.get() : special.get());
    }
    try {
      return OptionalDouble.of(Double.parseDouble(plain));
    } catch (NumberFormatException e) {
      return OptionalDouble.empty();
    }
  }
}
