package io.vaultlayer.local.bus;

import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@code rate(5 minutes)} or {@code cron(0 10 * * ? *)} in UTC, as EventBridge reads them. */
public sealed interface ScheduleExpression {
  /** The first firing after a time; empty when there is none any more. */
  Optional<Instant> after(Instant time);

  /** Every so often, counted from the last firing. */
  record Rate(Duration every) implements ScheduleExpression {
    @Override
    public Optional<Instant> after(Instant time) {
      return Optional.of(time.plus(every));
    }
  }

  /** At times of the calendar. */
  record Calendar(ExecutionTime times) implements ScheduleExpression {
    @Override
    public Optional<Instant> after(Instant time) {
      return times.nextExecution(time.atZone(ZoneOffset.UTC)).map(next -> next.toInstant());
    }
  }

  /**
   * @throws IllegalArgumentException saying what is wrong
   */
  static ScheduleExpression parse(String text) {
    var rate = Grammar.RATE.matcher(text);
    if (rate.matches()) {
      long number = Long.parseLong(rate.group(1));
      if (number < 1 || (number == 1) == rate.group(2).endsWith("s")) {
        throw new IllegalArgumentException(
            "rate(1 minute) and rate(5 minutes) are right, " + text + " is not");
      }
      return new Rate(
          switch (rate.group(2).charAt(0)) {
            case 'm' -> Duration.ofMinutes(number);
            case 'h' -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
          });
    }
    if (text.startsWith("cron(") && text.endsWith(")")) {
      var cron = new CronParser(Grammar.CRON).parse(text.substring(5, text.length() - 1));
      return new Calendar(ExecutionTime.forCron(cron.validate()));
    }
    throw new IllegalArgumentException("a schedule is rate(..) or cron(..), not " + text);
  }

  /** The two forms. */
  final class Grammar {
    private Grammar() {}

    static final Pattern RATE =
        Pattern.compile("rate\\((\\d{1,6}) (minute|minutes|hour|hours|day|days)\\)");

    /**
     * Six fields; weeks begin with SUN = 1; exactly one of the two day fields is a question mark.
     */
    static final CronDefinition CRON =
        CronDefinitionBuilder.defineCron()
            .withMinutes()
            .withStrictRange()
            .and()
            .withHours()
            .withStrictRange()
            .and()
            .withDayOfMonth()
            .withValidRange(1, 31)
            .supportsL()
            .supportsW()
            .supportsLW()
            .supportsQuestionMark()
            .and()
            .withMonth()
            .withValidRange(1, 12)
            .and()
            .withDayOfWeek()
            .withValidRange(1, 7)
            .withMondayDoWValue(2)
            .supportsHash()
            .supportsL()
            .supportsQuestionMark()
            .and()
            .withYear()
            .withValidRange(1970, 2199)
            .and()
            .withCronValidation(
                com.cronutils.model.definition.CronConstraintsFactory
                    .ensureEitherDayOfWeekOrDayOfMonth())
            .instance();
  }
}
