package io.vaultlayer.cli.follow;

import io.vaultlayer.cli.render.Text;
import io.vaultlayer.wire.StatusDocument;
import io.vaultlayer.wire.StatusDocument.Attempt;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Tells each thing that happens to a job once: losses, resumes, waiting, warnings. */
public final class News {
  /** Warnings of one job that are told; a script in trouble may make any number. */
  private static final int MOST_WARNINGS = 50;

  private final Consumer<String> say;
  private final Set<Integer> ended = new HashSet<>();
  private final Set<Integer> begun = new HashSet<>();
  private final Set<String> warned = new HashSet<>();
  private String state = "";

  public News(Consumer<String> say) {
    this.say = say;
  }

  /** Takes a status as known. */
  public void known(StatusDocument job) {
    attempts(job)
        .forEach(attempt -> {
          begun.add(attempt.epoch());
          if (attempt.outcome() != null) {
            ended.add(attempt.epoch());
          }
        });
    if (job.warnings() != null) {
      warned.addAll(job.warnings());
    }
  }

  public void tell(StatusDocument job) {
    for (var attempt : attempts(job)) {
      if (attempt.epoch() > 1 && hasBegun(attempt) && begun.add(attempt.epoch())) {
        say.accept(beginning(attempt));
      }
      if (attempt.outcome() != null && ended.add(attempt.epoch())) {
        end(attempt, job);
      }
    }
    if (!state.equals(job.state())) {
      state = job.state();
      if (state.equals("waiting")) {
        say.accept("no capacity now; waiting for some" + because(job.detail()));
      }
      if (state.equals("saving")) {
        say.accept("the instance will be taken away; saving before it goes");
      }
    }
    if (job.warnings() != null) {
      for (var warning : job.warnings()) {
        if (warned.size() < MOST_WARNINGS && warned.add(warning)) {
          say.accept("warning: " + Text.printable(warning));
        }
      }
    }
  }

  private void end(Attempt attempt, StatusDocument job) {
    switch (attempt.outcome()) {
      case "succeeded", "failed", "cancelled" -> {
        // The job's own end says it.
      }
      default -> say.accept(loss(attempt, job));
    }
  }

  private static String loss(Attempt attempt, StatusDocument job) {
    var what =
        switch (attempt.outcome()) {
          case "reclaimed" -> "instance reclaimed";
          case "unhealthy" -> "instance unhealthy";
          case "stalled" -> "training stalled";
          case "never_started" -> "instance never started";
          default -> "instance lost";
        };
    var next =
        io.vaultlayer.cli.plane.Jobs.ended(job.state())
            ? ""
            : job.checkpoint() == null
                ? "; starting again from the beginning"
                : "; resuming from step " + job.checkpoint().step();
    return what
        + because(attempt.detail())
        + next
        + " (attempt "
        + (attempt.epoch() + (next.isEmpty() ? 0 : 1))
        + ")";
  }

  /** Where an attempt starts from is known once it registers; a listed one may not have yet. */
  private static boolean hasBegun(Attempt attempt) {
    return attempt.resumedFrom() != null || attempt.lastStep() != null;
  }

  private static String beginning(Attempt attempt) {
    return attempt.resumedFrom() == null
        ? "attempt " + attempt.epoch() + " begins at step 0"
        : "attempt " + attempt.epoch() + " resumed from step " + attempt.resumedFrom();
  }

  private static String because(String detail) {
    return detail == null || detail.isEmpty() ? "" : " (" + Text.printable(detail) + ")";
  }

  private static List<Attempt> attempts(StatusDocument job) {
    return job.attempts() == null ? List.of() : job.attempts();
  }
}
