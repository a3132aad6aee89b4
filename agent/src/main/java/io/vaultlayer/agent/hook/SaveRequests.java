package io.vaultlayer.agent.hook;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Asks the training for a save at its next step (with several ranks, two steps later). Worth doing
 * only while {@link Hook#asks}. The last request takes the place of one that was not seen yet.
 */
public final class SaveRequests {
  /** What became of a request. */
  public sealed interface Answer {
    /** Nothing was heard of it: not seen, or being saved. */
    record Waiting() implements Answer {}

    /**
     * Complete on every rank and in the kept directory.
     *
     * @param seconds how long the training was held up
     */
    record Saved(OptionalLong step, OptionalDouble seconds) implements Answer {}

    record Failed(String reason) implements Answer {}
  }

  private static final Duration LOOK = Duration.ofMillis(50);

  /** Answers are kept for the newest requests only. */
  private static final int MOST_ANSWERS = 64;

  private final Path directory;
  private final Runnable look;
  private final Map<String, Answer> answers = new LinkedHashMap<>();
  private int asked;

  /**
   * @param look has this told what is new
   */
  SaveRequests(Path directory, Runnable look) {
    this.directory = directory;
    this.look = look;
  }

  /** Asks. @return the request's name, for {@link #answer} */
  public synchronized String ask() throws IOException {
    String request = "save-" + ++asked;
    // By rename: the hook may look at any moment, and must see all of it or nothing.
    Path unfinished = directory.resolve("save-now.tmp");
    Files.writeString(unfinished, request);
    Files.move(unfinished, directory.resolve("save-now"), StandardCopyOption.ATOMIC_MOVE);
    put(request, new Answer.Waiting());
    return request;
  }

  /** What is known of a request that {@link #ask} has made. */
  public Answer answer(String request) {
    look.run();
    synchronized (this) {
      return answers.getOrDefault(request, new Answer.Waiting());
    }
  }

  /** Waits for what becomes of it, at most so long. */
  public Answer await(String request, Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    Answer answer = answer(request);
    while (answer instanceof Answer.Waiting && System.nanoTime() - end < 0) {
      Thread.sleep(LOOK);
      answer = answer(request);
    }
    return answer;
  }

  synchronized void saved(String request, HookEvent event) {
    put(request, new Answer.Saved(event.number("step"), event.seconds()));
  }

  synchronized void failed(String request, String reason) {
    put(request, new Answer.Failed(reason));
  }

  private void put(String request, Answer answer) {
    answers.put(request, answer);
    if (answers.size() > MOST_ANSWERS) {
      answers.remove(answers.keySet().iterator().next());
    }
  }
}
