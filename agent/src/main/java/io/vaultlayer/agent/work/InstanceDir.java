package io.vaultlayer.agent.work;

import io.vaultlayer.wire.BucketLayout;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** Where things are in the directory of one instance. */
public record InstanceDir(Path root) {
  public InstanceDir {
    root = root.toAbsolutePath().normalize();
  }

  /** Put there by who launched the agent; removed as soon as it was read. */
  public Path bootstrap() {
    return root.resolve("bootstrap.json");
  }

  public Path state() {
    return root.resolve("agent-state.json");
  }

  public Path token() {
    return root.resolve("token");
  }

  /** The token of the epoch that was asked for, until the answer has come. */
  public Path nextToken() {
    return root.resolve("token.next");
  }

  public Path lock() {
    return root.resolve("agent.lock");
  }

  /** Appears when the host will be taken away; holds the seconds that are left. */
  public Path reclaim() {
    return root.resolve("reclaim");
  }

  public Path log() {
    return root.resolve("agent.log");
  }

  public Path scratch() {
    return root.resolve("scratch");
  }

  /** The agent's own part of the scratch directory: snapshots, what was moved aside. */
  public Path own() {
    return scratch().resolve("agent");
  }

  public Path packedWork() {
    return own().resolve("workdir.tar.gz");
  }

  public Path work() {
    return scratch().resolve("work");
  }

  public Path checkpoints() {
    return scratch().resolve("checkpoints");
  }

  public Path outputs() {
    return scratch().resolve("outputs");
  }

  public Path data() {
    return scratch().resolve("data");
  }

  public Path python() {
    return scratch().resolve("python");
  }

  public Path progress(int epoch) {
    return logs(epoch).resolve("progress.json");
  }

  /** What the instance's processes print, of all epochs. */
  public Path logs() {
    return scratch().resolve("logs");
  }

  public Path logs(int epoch) {
    return logs().resolve(BucketLayout.epochName(epoch));
  }

  /** Where the import hook tells what it sees, and is told what to do. */
  public Path hook(int epoch) {
    return logs(epoch).resolve("hook");
  }

  /** Both outputs of the script. */
  public Path output(int epoch) {
    return logs(epoch).resolve("output.log");
  }

  /** Both outputs of the setup command. */
  public Path setupOutput(int epoch) {
    return logs(epoch).resolve("setup.log");
  }

  /** Makes a directory empty, without following links out of it. */
  public static void empty(Path directory) throws IOException {
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      remove(directory);
    }
    Files.createDirectories(directory);
  }

  private static void remove(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path each, IOException e) throws IOException {
            Files.delete(each);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
