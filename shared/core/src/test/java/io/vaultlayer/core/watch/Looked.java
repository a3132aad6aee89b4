package io.vaultlayer.core.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.core.job.Decision;
import io.vaultlayer.core.job.JobEvent;
import io.vaultlayer.core.job.JobMachine;
import io.vaultlayer.core.lease.Lease;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Looks at leases as a test says, and counts every verdict and reason that it met. What a verdict
 * asks for must also be what the job machine accepts: a look that fences too early is refused
 * there.
 */
final class Looked {
  private static final Set<Reason> REASONS = EnumSet.noneOf(Reason.class);
  private static final Set<String> VERDICTS = new TreeSet<>();
  private static final Set<Turn.Why> TURNS = EnumSet.noneOf(Turn.Why.class);

  private Looked() {}

  static Verdict at(Instant now, Lease lease, Sight sight) {
    return met(lease, Look.decide(lease, sight, calm(now)), now);
  }

  static Verdict at(Outlook outlook, Lease lease, Sight sight) {
    return met(lease, Look.decide(lease, sight, outlook), outlook.now());
  }

  static Outlook calm(Instant now) {
    var since = Attempts.START.minusSeconds(3600);
    return new Outlook(now, since, since, Breaker.State.CLOSED, Breaker.State.CLOSED);
  }

  static List<Finding> met(List<Finding> findings, Instant now) {
    findings.forEach(f -> met(f.lease(), f.verdict(), now));
    return findings;
  }

  static Turn met(Turn turn) {
    TURNS.add(turn.why());
    return turn;
  }

  private static Verdict met(Lease lease, Verdict verdict, Instant now) {
    REASONS.add(verdict.reason());
    VERDICTS.add(verdict.getClass().getSimpleName());
    event(lease, verdict, now)
        .ifPresent(e ->
            assertThat(JobMachine.decide(lease, e))
                .as("what the job machine makes of %s", verdict)
                .isInstanceOf(Decision.Accepted.class));
    return verdict;
  }

  private static Optional<JobEvent> event(Lease l, Verdict verdict, Instant now) {
    return switch (verdict) {
      case Verdict.Leave _, Verdict.Ask _ -> Optional.empty();
      case Verdict.Extend(_, var until) ->
          Optional.of(new JobEvent.Extend(now, l.epoch(), l.sequence(), until, "x"));
      case Verdict.Suspect(_, var grace) ->
          Optional.of(new JobEvent.Suspect(now, l.epoch(), l.sequence(), grace));
      case Verdict.Fence(_, var cause, var outcome, var detail, var counts) ->
          Optional.of(
              new JobEvent.Fence(
                  now, l.epoch(), l.sequence(), "f", cause, outcome, detail, counts));
      case Verdict.Stall(_, var detail) ->
          Optional.of(new JobEvent.Stall(now, l.epoch(), l.sequence(), detail));
      case Verdict.Stop _ -> Optional.of(new JobEvent.Stop(now, "deadline", "passed"));
    };
  }

  static Set<Reason> reasonsNeverMet() {
    var never = EnumSet.allOf(Reason.class);
    never.removeAll(REASONS);
    return never;
  }

  static Set<String> verdictsNeverMet() {
    var never = new TreeSet<String>();
    for (var kind : Verdict.class.getPermittedSubclasses()) {
      never.add(kind.getSimpleName());
    }
    never.removeAll(VERDICTS);
    return never;
  }

  static Set<Turn.Why> turnsNeverMet() {
    var never = EnumSet.allOf(Turn.Why.class);
    never.removeAll(TURNS);
    return never;
  }
}
