package io.vaultlayer.cli.demo;

import io.vaultlayer.cli.follow.LogTail;
import io.vaultlayer.cli.follow.News;
import io.vaultlayer.cli.plane.Jobs;
import io.vaultlayer.wire.Lists.LogPiece;
import io.vaultlayer.wire.StatusDocument;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** One of the demo's two trainings: its job, and how far it is. */
final class DemoRun {
  private static final Pattern STEP = Pattern.compile("(?m)^step (\\d+)/");

  /** The example's lines are short; what is longer is cut. */
  private static final int LONGEST_REST = 4096;

  private final String title;
  private final Jobs jobs;
  private final LogTail tail;
  private final News news;
  private StatusDocument status;
  private String rest = "";
  private long printedStep;

  DemoRun(String title, Jobs jobs, StatusDocument submitted, Consumer<String> say) {
    this.title = title;
    this.jobs = jobs;
    this.status = submitted;
    this.tail = new LogTail(jobs, submitted.id(), Optional.empty());
    this.news = new News(line -> say.accept(title + ": " + line));
  }

  String id() {
    return status.id();
  }

  String title() {
    return title;
  }

  StatusDocument status() {
    return status;
  }

  boolean ended() {
    return Jobs.ended(status.state());
  }

  /** Reads what is new. The script's own lines know its step sooner than the heartbeat does. */
  StatusDocument look() throws InterruptedException {
    tail.readAll(this::read);
    status = jobs.status(id());
    news.tell(status);
    return status;
  }

  /** The newest step that is known of the attempt that runs now. */
  long step() {
    long told = status.step() == null ? 0 : status.step();
    return ended() ? told : Math.max(printedStep, told);
  }

  /** Step of the newest committed checkpoint; 0 when there is none. */
  long committed() {
    return status.checkpoint() == null ? 0 : status.checkpoint().step();
  }

  private void read(LogPiece piece) {
    rest += new String(LogTail.bytes(piece), StandardCharsets.UTF_8);
    var lines = STEP.matcher(rest);
    while (lines.find()) {
      printedStep = Long.parseLong(lines.group(1));
    }
    int line = rest.lastIndexOf('\n') + 1;
    rest = rest.substring(Math.max(line, rest.length() - LONGEST_REST));
  }

  /** In a few words, for the line of progress. */
  String brief() {
    var text = new StringBuilder(title).append(": ").append(status.state());
    if (step() > 0) {
      text.append(" at step ").append(step());
    }
    if (committed() > 0 && !ended()) {
      text.append(", checkpoint ").append(committed());
    }
    if (status.epoch() > 1) {
      text.append(", attempt ").append(status.epoch());
    }
    return text.toString();
  }
}
