package io.vaultlayer.functions.check;

import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.functions.check.History.Mark;
import io.vaultlayer.functions.check.History.Told;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Goes through a job's decisions in the order in which they were written, keeps the pointer as they
 * move it, and finds what they must never do: INV-1, INV-3, INV-4, INV-5, and INV-2 as far as the
 * records show it.
 */
final class Replay {
  private final History history;
  private final List<Finding> findings = new ArrayList<>();
  private final Set<Mark> condemned = new HashSet<>();

  /** Committed and not condemned, oldest first. */
  private final List<Mark> line = new ArrayList<>();

  private Optional<Mark> pointer = Optional.empty();

  /** False while no record says to what a condemn moved the pointer. */
  private boolean isKnown = true;

  private Replay(History history) {
    this.history = history;
  }

  static List<Finding> of(History history) {
    if (!history.isWhole() || history.decisions().isEmpty()) {
      return List.of();
    }
    var replay = new Replay(history);
    replay.order();
    if (history.decisions().stream().allMatch(Told::isMarked)) {
      replay.pointers();
    }
    return replay.findings;
  }

  // ---- epochs and ends

  private void order() {
    var told = history.decisions();
    for (int i = 1; i < told.size(); i++) {
      var before = told.get(i - 1);
      var now = told.get(i);
      if (now.epoch() < before.epoch()) {
        report("INV-1", "epoch " + now.epoch() + " decided after epoch " + before.epoch(), now);
      }
      if (before.to().isFinal() && !now.edge().equals("RESUMED")) {
        report("INV-5", now.edge() + " was accepted after the end", now);
      }
      if (before.edge().equals("RESUMED") && now.epoch() <= before.epoch()) {
        report("INV-5", "a resume opened no new epoch", now);
      }
    }
    var last = told.getLast();
    var lease = history.lease();
    if (last.epoch() > lease.epoch()) {
      report(
          "INV-1", "the job is at epoch " + lease.epoch() + " after epoch " + last.epoch(), last);
    }
    if (last.to().isFinal() != lease.state().isFinal()) {
      report(
          "INV-5",
          "the job is "
              + lease.state().wireName()
              + ", but its last decision made it "
              + last.to().wireName(),
          last);
    }
  }

  // ---- the pointer

  private void pointers() {
    var told = history.decisions();
    for (int i = 0; i < told.size(); i++) {
      var now = told.get(i);
      now.begun().ifPresent(epoch -> begins(epoch, now));
      now.committed().ifPresent(mark -> commits(mark, now));
      if (now.condemned().isPresent()) {
        condemns(now.condemned().get(), now, told.subList(i + 1, told.size()));
      }
    }
    var stored = history.lease().pointer().map(p -> new Mark(p.epoch(), p.step()));
    if (isKnown && !stored.equals(pointer)) {
      report(
          "INV-2",
          "the pointer is " + name(stored) + ", but the decisions lead to " + name(pointer),
          told.getLast());
    }
  }

  private void begins(int epoch, Told now) {
    var restores =
        history.decisions().stream().anyMatch(t -> t.epoch() == epoch && t.condemned().isPresent());
    var given = given(epoch);
    if (!isKnown || restores || given.isEmpty()) {
      return;
    }
    if (!given.get().equals(pointer.map(Mark::step))) {
      report(
          "INV-4",
          "epoch "
              + epoch
              + " was given "
              + step(given.get())
              + ", but the pointer was "
              + name(pointer),
          now);
    }
  }

  private void commits(Mark mark, Told now) {
    int owner = now.edge().equals("SALVAGED") ? now.epoch() - 1 : now.epoch();
    if (mark.epoch() != owner) {
      report("INV-1", "epoch " + now.epoch() + " committed " + mark, now);
    }
    if (isKnown && pointer.isPresent() && mark.step() <= pointer.get().step()) {
      report("INV-3", mark + " was committed after " + pointer.get(), now);
    }
    if (condemned.contains(mark)) {
      report("INV-2", "the condemned " + mark + " was committed again", now);
    }
    if (!history.commits().contains(mark.id())) {
      report("INV-2", mark + " was committed, but has no commit record", now);
    }
    line.add(mark);
    pointer = Optional.of(mark);
    isKnown = true;
  }

  /** The pointer falls back to an earlier commit, or to none; the attempt was told to which. */
  private void condemns(Mark mark, Told now, List<Told> later) {
    if (isKnown && !pointer.equals(Optional.of(mark))) {
      report("INV-2", "condemned " + mark + ", but the pointer was " + name(pointer), now);
    }
    condemned.add(mark);
    line.removeIf(m -> m.step() >= mark.step() || condemned.contains(m));
    var next =
        later.stream()
            .filter(t -> t.epoch() == now.epoch())
            .flatMap(t -> t.condemned().stream())
            .findFirst();
    var told = next.map(m -> Optional.of(m.step())).or(() -> given(now.epoch()));
    isKnown = told.isPresent();
    if (!isKnown) {
      return;
    }
    pointer = told.get().flatMap(step -> line.stream().filter(m -> m.step() == step).findFirst());
    if (told.get().isPresent() && pointer.isEmpty()) {
      report(
          "INV-4",
          "epoch "
              + now.epoch()
              + " resumed from "
              + step(told.get())
              + ", which is no commit before the condemned "
              + mark,
          now);
      isKnown = false;
    }
  }

  /** The step that this epoch's attempt was given to resume from; empty where no record says. */
  private Optional<Optional<Long>> given(int epoch) {
    Lease lease = history.lease();
    if (history.attempts().containsKey(epoch)) {
      return Optional.of(history.attempts().get(epoch).resumedFrom());
    }
    return lease.epoch() == epoch && lease.bound().isPresent()
        ? Optional.of(lease.run().resumedFrom())
        : Optional.empty();
  }

  private void report(String invariant, String detail, Told at) {
    findings.add(new Finding(invariant, detail + " (decision " + at.sequence() + ")"));
  }

  private static String name(Optional<Mark> mark) {
    return mark.map(Mark::toString).orElse("none");
  }

  private static String step(Optional<Long> step) {
    return step.map(s -> "step " + s).orElse("nothing");
  }
}
