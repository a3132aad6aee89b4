package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the kernel's time stamps tell of a rename, on the disk's file system and on tmpfs. */
class ArrivalTest {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  @TempDir static Path disk;
  private Path home;

  static Stream<String> fileSystems() {
    return Stream.of("disk", "tmpfs");
  }

  private Path home(String fileSystem) throws IOException {
    assumeTrue(
        fileSystem.equals("disk") || Files.isWritable(SHARED_MEMORY), "no tmpfs at /dev/shm");
    home = Files.createTempDirectory(fileSystem.equals("disk") ? disk : SHARED_MEMORY, "arrival");
    return home;
  }

  @AfterEach
  void clean() throws IOException {
    if (home != null) {
      Trees.delete(home);
    }
  }

  @ParameterizedTest
  @MethodSource("fileSystems")
  void aDirectoryThatWasFilledAndRenamedArrivedWhole(String fileSystem) throws Exception {
    Path kept = home(fileSystem);
    Path unfinished = Files.createDirectories(kept.resolve(".tmp-a/sub")).getParent();
    Files.writeString(unfinished.resolve("weights"), "w");
    Files.writeString(unfinished.resolve("sub/more"), "m");
    tick();
    Files.move(unfinished, kept.resolve("checkpoint-1"));
    assertThat(renamed(kept, "checkpoint-1")).isTrue();
  }

  @ParameterizedTest
  @MethodSource("fileSystems")
  void aDirectoryThatWasMovedFromAnotherParentArrivedWhole(String fileSystem) throws Exception {
    Path kept = home(fileSystem);
    Path unfinished = Files.createDirectories(kept.resolve("elsewhere/x"));
    Files.writeString(unfinished.resolve("weights"), "w");
    tick();
    Files.move(unfinished, kept.resolve("checkpoint-1"));
    assertThat(renamed(kept, "checkpoint-1")).isTrue();
  }

  @ParameterizedTest
  @MethodSource("fileSystems")
  void aDirectoryThatIsFilledInPlaceDidNot(String fileSystem) throws Exception {
    Path kept = home(fileSystem);
    Path checkpoint = Files.createDirectory(kept.resolve("checkpoint-1"));
    assertThat(renamed(kept, "checkpoint-1")).isFalse();
    tick();
    Files.writeString(checkpoint.resolve("weights"), "w");
    assertThat(renamed(kept, "checkpoint-1")).isFalse();
    tick();
    Files.writeString(checkpoint.resolve("weights"), "ww", StandardOpenOption.APPEND);
    assertThat(renamed(kept, "checkpoint-1")).isFalse();
    tick();
    Files.createDirectory(checkpoint.resolve("sub"));
    Files.writeString(checkpoint.resolve("sub/more"), "m");
    assertThat(renamed(kept, "checkpoint-1")).isFalse();
  }

  @ParameterizedTest
  @MethodSource("fileSystems")
  void renamingInsideADirectoryIsNotItsOwnArrival(String fileSystem) throws Exception {
    Path kept = home(fileSystem);
    Path checkpoint = Files.createDirectory(kept.resolve("checkpoint-1"));
    Files.writeString(checkpoint.resolve(".tmpx"), "w");
    tick();
    Files.move(checkpoint.resolve(".tmpx"), checkpoint.resolve("weights"));
    assertThat(renamed(kept, "checkpoint-1")).isFalse();
  }

  @ParameterizedTest
  @MethodSource("fileSystems")
  void aDirectoryThatIsWrittenToAfterItsRenameIsNotProven(String fileSystem) throws Exception {
    Path kept = home(fileSystem);
    Path unfinished = Files.createDirectory(kept.resolve(".tmp-a"));
    Files.writeString(unfinished.resolve("weights"), "w");
    tick();
    Path checkpoint = Files.move(unfinished, kept.resolve("checkpoint-1"));
    tick();
    Files.writeString(checkpoint.resolve("weights"), "w2");
    assertThat(renamed(kept, "checkpoint-1")).as("a file was rewritten").isFalse();
    Files.writeString(checkpoint.resolve("state"), "s");
    assertThat(renamed(kept, "checkpoint-1")).as("a file was added").isFalse();
  }

  @ParameterizedTest
  @MethodSource("fileSystems")
  void aFileThatReplacedAnotherArrivedWhole(String fileSystem) throws Exception {
    Path kept = home(fileSystem);
    Files.writeString(kept.resolve("last.pt"), "old");
    Files.writeString(kept.resolve("last.pt.tmp"), "new");
    assertThat(renamed(kept, "last.pt")).isFalse();
    tick();
    Files.move(
        kept.resolve("last.pt.tmp"),
        kept.resolve("last.pt"),
        java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    assertThat(renamed(kept, "last.pt")).isTrue();
    tick();
    Files.writeString(kept.resolve("last.pt"), "in place");
    assertThat(renamed(kept, "last.pt")).isFalse();
  }

  @ParameterizedTest
  @MethodSource("fileSystems")
  void aHardLinkProvesNothing(String fileSystem) throws Exception {
    Path kept = home(fileSystem);
    Path file = Files.writeString(kept.resolve("last.pt"), "half");
    tick();
    Path link = Files.createLink(kept.resolve(".link"), file);
    assertThat(renamed(kept, "last.pt")).as("linked").isFalse();
    tick();
    Files.delete(link);
    Stat touched = Stat.of(file).orElseThrow();
    assertThat(touched.changedNanos()).as("the danger").isGreaterThan(touched.modifiedNanos());
    var ours = Map.of(touched.inode(), touched.changedNanos());
    assertThat(Arrival.byRename("last.pt", tree(kept, "last.pt"), ours)).isFalse();
  }

  @ParameterizedTest
  @MethodSource("fileSystems")
  void changedAttributesOfADirectoryBeingFilledAreUndoneByTheNextFile(String fileSystem)
      throws Exception {
    Path kept = home(fileSystem);
    Path checkpoint = Files.createDirectory(kept.resolve("checkpoint-1"));
    tick();
    Files.setPosixFilePermissions(checkpoint, PosixFilePermissions.fromString("rwxrwx---"));
    tick();
    Files.writeString(checkpoint.resolve("weights"), "w");
    assertThat(renamed(kept, "checkpoint-1")).isFalse();
    Files.setLastModifiedTime(checkpoint, FileTime.fromMillis(0));
    tick();
    Files.writeString(checkpoint.resolve("more"), "m");
    assertThat(renamed(kept, "checkpoint-1")).isFalse();
  }

  private static boolean renamed(Path kept, String top) throws IOException {
    return Arrival.byRename(top, tree(kept, top), Map.of());
  }

  private static Tree tree(Path kept, String top) throws IOException {
    return Tree.of(kept, List.of(top), 100);
  }

  /** Longer than a tick of the clock that stamps files. */
  private static void tick() throws InterruptedException {
    Thread.sleep(15);
  }
}
