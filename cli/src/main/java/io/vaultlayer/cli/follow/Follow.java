package io.vaultlayer.cli.follow;

import io.vaultlayer.cli.frame.Shell;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.cli.plane.Plane;
import io.vaultlayer.wire.Lists.LogPiece;
import io.vaultlayer.wire.StatusDocument;
import java.io.PrintStream;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Follows a job until it has ended and all of its output was read: the script's bytes verbatim to
 * one stream, what happens to the job as messages, and on a terminal a line of progress.
 */
public final class Follow {
  /** Status is asked for less often than output; its news are seconds old anyway. */
  private static final int LOOKS_PER_STATUS = 3;

  private final Shell shell;
  private final Plane plane;
  private final Jobs jobs;
  private final String id;
  private final PrintStream stream;
  private final Progress progress;
  private final News news;
  private Consumer<StatusDocument> watcher = job -> {};
  private Optional<Integer> only = Optional.empty();
  private int newestAttempt;
  private int skipped;

  public Follow(Shell shell, Plane plane, String id, PrintStream stream) {
    this.shell = shell;
    this.plane = plane;
    this.jobs = new Jobs(plane);
    this.id = id;
    this.stream = stream;
    this.progress = new Progress(shell, stream);
    this.news = new News(progress::say);
  }

  /** Only this attempt's output. */
  public Follow only(Optional<Integer> attempt) {
    only = attempt;
    return this;
  }

  /** What happened and was written up to this status is known already and not told again. */
  public Follow from(StatusDocument seen) {
    news.known(seen);
    skipped = seen.epoch();
    return this;
  }

  /** Called with every status that was read. */
  public Follow watching(Consumer<StatusDocument> each) {
    watcher = each;
    return this;
  }

  /**
   * Returns the job's last status. @throws io.vaultlayer.cli.frame.Failure 5 after a minute away
   */
  public StatusDocument untilEnd() throws InterruptedException {
    var patience = new Patience(shell, "following job " + id, "vl logs -f " + id);
    var tail = new LogTail(jobs, id, only).skipping(skipped);
    var job = jobs.status(id);
    try (var detach = Detach.on(shell, id)) {
      for (int look = 1; ; look++) {
        boolean ended = Jobs.ended(job.state());
        seen(job);
        int pieces = patience.ask(() -> tail.readAll(piece -> show(tail, piece))).orElse(-1);
        if (ended && pieces >= 0) {
          break;
        }
        progress.draw(job);
        shell.pause(plane.door().pollMillis());
        if (look % LOOKS_PER_STATUS == 0 || ended) {
          job = patience.ask(() -> jobs.status(id)).orElse(job);
        }
      }
      readWhatCameLate(tail, job);
      progress.clear();
      detach.done();
    }
    stream.flush();
    return job;
  }

  private void seen(StatusDocument job) {
    news.tell(job);
    watcher.accept(job);
  }

  private void show(LogTail tail, LogPiece piece) {
    if (piece.attempt() > newestAttempt) {
      if (newestAttempt > 0 && only.isEmpty()) {
        late(tail, newestAttempt);
      }
      newestAttempt = piece.attempt();
    }
    progress.write(LogTail.bytes(piece));
  }

  private void late(LogTail tail, int attempt) {
    try {
      tail.readLate(attempt, piece -> progress.write(LogTail.bytes(piece)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void readWhatCameLate(LogTail tail, StatusDocument job) {
    if (only.isEmpty() && job.attempts() != null) {
      job.attempts().forEach(attempt -> late(tail, attempt.epoch()));
    }
  }
}
