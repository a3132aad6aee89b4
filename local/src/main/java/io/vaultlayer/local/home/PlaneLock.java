package io.vaultlayer.local.home;

import io.vaultlayer.local.PlaneRefused;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * One plane for each home: a lock of the operating system, held while the process lives and gone
 * with it, however it ends.
 */
final class PlaneLock implements AutoCloseable {
  private final FileChannel channel;
  private final FileLock lock;

  private PlaneLock(FileChannel channel, FileLock lock) {
    this.channel = channel;
    this.lock = lock;
  }

  /** Empty when another plane holds it. */
  static Optional<PlaneLock> take(Path file) {
    try {
      var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        var lock = channel.tryLock();
        if (lock != null) {
          return Optional.of(new PlaneLock(channel, lock));
        }
      } catch (OverlappingFileLockException e) {
        // Held by this very process: the same answer.
      }
      channel.close();
      return Optional.empty();
    } catch (IOException e) {
      throw new PlaneRefused(
          "home_unusable", "locking " + file + ": " + e.getMessage() + "; check the disk", e);
    }
  }

  @Override
  public void close() {
    try {
      lock.release();
      channel.close();
    } catch (IOException e) {
      // The system releases it with the process.
    }
  }
}
