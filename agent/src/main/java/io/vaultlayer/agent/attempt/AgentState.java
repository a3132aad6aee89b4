package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.host.Child;
import io.vaultlayer.agent.work.OwnFile;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What an agent that is started again on the same instance needs to know; in {@code
 * agent-state.json}. No secret is in it.
 */
public final class AgentState {
  /** Numbers are reserved in blocks, so that most beats write no file. */
  private static final long BLOCK = 1000;

  /**
   * The file.
   *
   * @param beats every beat so far had a number up to this one
   * @param training the process started last, null before
   * @param uploadRate how fast the attempt may send, as its user wrote it; null: no limit
   */
  public record Stored(
      String endpoint,
      String job,
      int epoch,
      String label,
      long beats,
      Child training,
      String uploadRate) {
    Stored withBeats(long newBeats) {
      return new Stored(endpoint, job, epoch, label, newBeats, training, uploadRate);
    }

    Stored withTraining(Child child) {
      return new Stored(endpoint, job, epoch, label, beats, child, uploadRate);
    }
  }

  private final Path file;
  private Stored stored;
  private long beat;

  private AgentState(Path file, Stored stored) {
    this.file = file;
    this.stored = stored;
    this.beat = stored.beats();
  }

  public static AgentState create(Path file, String endpoint, String job, int epoch, String label)
      throws IOException {
    var state = new AgentState(file, new Stored(endpoint, job, epoch, label, 0, null, null));
    state.write();
    return state;
  }

  /** Empty when this is no instance that was begun. @throws IOException when it is unreadable */
  public static Optional<AgentState> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new AgentState(file, Json.parse(Files.readString(file), Stored.class)));
    } catch (Json.MalformedJson e) {
      throw new IOException("reading " + file + ": " + e.getMessage(), e);
    }
  }

  public synchronized Stored stored() {
    return stored;
  }

  /** A number above every one given before, also by an agent that ran here before. */
  public synchronized long nextBeat() {
    beat++;
    if (beat > stored.beats()) {
      Stored before = stored;
      stored = stored.withBeats(beat + BLOCK);
      try {
        write();
      } catch (IOException e) {
        // A full disk must not end the beats; the next one tries again to note the number.
        stored = before;
      }
    }
    return beat;
  }

  /**
   * Leads this attempt from now on.
   *
   * @param environment the user's, of which only the upload rate is kept
   */
  public synchronized void begun(int epoch, Map<String, String> environment) throws IOException {
    stored =
        new Stored(
            stored.endpoint(),
            stored.job(),
            epoch,
            stored.label(),
            stored.beats(),
            null,
            UploadRate.asked(environment));
    write();
  }

  public synchronized void training(Child child) throws IOException {
    stored = stored.withTraining(child);
    write();
  }

  private void write() throws IOException {
    OwnFile.write(file, Json.render(stored));
  }
}
