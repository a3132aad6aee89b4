package io.vaultlayer.core.job;

import io.vaultlayer.core.job.JobEvent.ByOwner;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The protocol's invariants as far as one lease item and its successor can show them. Each broken
 * one is a line that starts with its id.
 */
final class Invariants {
  private final Lease before;
  private final JobEvent event;
  private final Lease after;
  private final List<String> broken = new ArrayList<>();

  private Invariants(Lease before, JobEvent event, Lease after) {
    this.before = before;
    this.event = event;
    this.after = after;
  }

  static List<String> broken(Lease before, JobEvent event, Lease after) {
    var check = new Invariants(before, event, after);
    check.epochsOnlyGrowAndOnlyTheHolderCommits();
    check.stepsOnlyAdvanceBetweenCondemnations();
    check.anAttemptStartsFromThePointer();
    check.finalStatesAreFinal();
    check.somethingIsAlwaysDue();
    check.oneLaunchIsBound();
    check.tokensDieWithTheirEpoch();
    return check.broken;
  }

  private void must(boolean holds, String line) {
    if (!holds) {
      broken.add(line);
    }
  }

  private void epochsOnlyGrowAndOnlyTheHolderCommits() {
    must(after.sequence() == before.sequence() + 1, "INV-1 every write adds 1 to the sequence");
    must(
        after.epoch() == before.epoch() || after.epoch() == before.epoch() + 1,
        "INV-1 the epoch stays or grows by one");
    if (event instanceof ByOwner e) {
      must(
          e.epoch() == before.epoch() && before.token().filter(e.token()::matches).isPresent(),
          "INV-1 only the holder of the current epoch writes as its owner");
    }
    if (event instanceof JobEvent.Commit && !after.pointer().equals(before.pointer())) {
      must(
          after.pointer().orElseThrow().epoch() == before.epoch(),
          "INV-1 a commit is of its epoch");
    }
    if (event instanceof JobEvent.Salvage) {
      must(
          after.pointer().orElseThrow().epoch() == before.epoch() - 1 && before.bound().isEmpty(),
          "INV-1 salvage commits for the closed epoch, before anybody owns the next");
    }
  }

  private void stepsOnlyAdvanceBetweenCondemnations() {
    if (after.pointer().equals(before.pointer())) {
      return;
    }
    if (event instanceof JobEvent.Condemn) {
      must(
          after.pointer().isEmpty() || before.earlier().contains(after.pointer().get()),
          "INV-2 a condemn steps back to an earlier commit");
      return;
    }
    must(
        event instanceof JobEvent.Commit || event instanceof JobEvent.Salvage,
        "INV-3 only commit, salvage and condemn move the pointer");
    must(
        before.pointer().isEmpty()
            || after.pointer().isPresent()
                && after.pointer().get().step() > before.pointer().get().step(),
        "INV-3 the committed step increases");
    var steps = after.earlier().stream().map(Pointer::step).toList();
    must(
        steps.equals(steps.stream().sorted((a, b) -> Long.compare(b, a)).distinct().toList()),
        "INV-3 earlier commits stand newest first");
  }

  private void anAttemptStartsFromThePointer() {
    Optional<Long> step = after.pointer().map(Pointer::step);
    switch (event) {
      case JobEvent.Register _, JobEvent.Condemn _ ->
          must(after.run().resumedFrom().equals(step), "INV-4 it starts from the pointer");
      case JobEvent.NextEpoch _ ->
          must(
              after.state().isFinal() || after.run().resumedFrom().equals(step),
              "INV-4 it starts from the pointer");
      default ->
          must(
              after.epoch() != before.epoch()
                  || after.state() == JobState.PLACING
                  || after.run().resumedFrom().equals(before.run().resumedFrom()),
              "INV-4 what an attempt was given does not change under it");
    }
  }

  private void finalStatesAreFinal() {
    if (!before.state().isFinal()) {
      return;
    }
    must(
        after.pointer().equals(before.pointer()) && after.launches().equals(before.launches()),
        "INV-5 no commit and no launch after the end");
    must(
        event instanceof JobEvent.Resume
            ? after.epoch() == before.epoch() + 1 && before.state() != JobState.SUCCEEDED
            : after.state() == before.state() && after.epoch() == before.epoch(),
        "INV-5 only a resume leaves a final state, and opens a new epoch");
  }

  private void somethingIsAlwaysDue() {
    var owes = !after.state().isFinal() || !after.journal().isEmpty();
    must(
        !owes || after.dueAt().isPresent() || after.deadline().isPresent(),
        "INV-6 what is owed has a time at which the sweep acts");
    must(!after.state().isWatched() || after.deadline().isPresent(), "INV-6 an attempt is watched");
  }

  private void oneLaunchIsBound() {
    var ownLaunches = after.launches().stream().filter(l -> l.epoch() <= after.epoch()).count();
    must(ownLaunches <= 1, "INV-8 at most one launch is open or bound");
    must(
        after.launches().size() - ownLaunches <= (after.state() == JobState.SAVING ? 1 : 0),
        "INV-8 a successor is declared only beside a draining attempt");
    must(
        after.bound().isEmpty() || after.boundLaunch().isPresent(),
        "INV-8 the bound launch is on record");
    must(
        after.bound().isPresent() || after.state() != JobState.RUNNING, "INV-8 what runs is bound");
    must(
        before.bound().isEmpty()
            || after.bound().isEmpty()
            || after.bound().equals(before.bound())
            || after.epoch() > before.epoch(),
        "INV-8 within an epoch the bound launch never changes");
  }

  private void tokensDieWithTheirEpoch() {
    must(after.token().isPresent() == after.bound().isPresent(), "INV-12 a token has its launch");
    must(!after.state().isFinal() || after.token().isEmpty(), "INV-12 the end removes the token");
    must(
        after.epoch() == before.epoch()
            || after.token().isEmpty()
            || !after.token().equals(before.token()),
        "INV-12 a token does not outlive its epoch");
    must(
        after.epoch() != before.epoch()
            || before.token().isEmpty()
            || after.token().isEmpty()
            || after.token().equals(before.token()),
        "INV-12 within an epoch the token never changes");
  }
}
