package io.vaultlayer.agent;

import io.vaultlayer.agent.attempt.Happening;
import io.vaultlayer.agent.attempt.Inbox;
import io.vaultlayer.agent.lease.Clocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that says that the host will be taken away; written by providers' hooks. */
final class ReclaimFile {
  private static final long LOOK_MILLIS = 250;
  private static final int SECONDS_WHEN_UNREADABLE = 20;
  private static final int MOST_SECONDS = 24 * 3600;

  private ReclaimFile() {}

  /** Looks for it from now on; what it says is told once. */
  static void watch(Path file, Inbox inbox, Clocks clocks) {
    Thread.ofPlatform()
        .name("reclaim-file")
        .daemon()
        .start(() -> {
          try {
            while (!Files.exists(file)) {
              Thread.sleep(LOOK_MILLIS);
            }
            inbox.put(new Happening.Notice(seconds(file), clocks.monotonic()));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private static int seconds(Path file) {
    try {
      int seconds = Integer.parseInt(Files.readString(file).trim());
      return Math.clamp(seconds, 0, MOST_SECONDS);
    } catch (IOException | NumberFormatException e) {
      return SECONDS_WHEN_UNREADABLE;
    }
  }
}
