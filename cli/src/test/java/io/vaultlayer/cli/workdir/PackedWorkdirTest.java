package io.vaultlayer.cli.workdir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.cli.frame.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedWorkdirTest {
  @TempDir Path directory;

  private void fill(Path root, boolean backwards) throws IOException {
    Files.createDirectories(root.resolve("pkg/empty"));
    var names = new String[] {"b.py", "a.py", "pkg/ü-" + "x".repeat(120) + ".txt"};
    for (int i = 0; i < names.length; i++) {
      var name = names[backwards ? names.length - 1 - i : i];
      Files.writeString(root.resolve(name), "print('" + name + "')\n");
    }
    Files.setPosixFilePermissions(
        root.resolve("a.py"), PosixFilePermissions.fromString("rwxr-x---"));
    Files.createSymbolicLink(root.resolve("pkg/link"), Path.of("../a.py"));
  }

  private static Map<String, TarArchiveEntry> entries(PackedWorkdir packed) throws IOException {
    var found = new LinkedHashMap<String, TarArchiveEntry>();
    try (var tar =
        new TarArchiveInputStream(
            new GZIPInputStream(Files.newInputStream(packed.file())), "UTF-8")) {
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        found.put(entry.getName(), entry);
      }
    }
    return found;
  }

  @Test
  void theSameFilesGiveTheSameBytes() throws Exception {
    var one = Files.createDirectory(directory.resolve("one"));
    var two = Files.createDirectory(directory.resolve("two"));
    fill(one, false);
    fill(two, true);
    Files.setLastModifiedTime(two.resolve("a.py"), FileTime.fromMillis(1));
    try (var first = PackedWorkdir.pack(one, Set.of());
        var second = PackedWorkdir.pack(two, Set.of())) {
      assertThat(second.sha256()).isEqualTo(first.sha256());
      var bytes = Files.readAllBytes(first.file());
      assertThat(first.bytes()).isEqualTo(bytes.length);
      assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)))
          .isEqualTo(first.sha256());
    }
    Files.writeString(two.resolve("a.py"), "other");
    try (var first = PackedWorkdir.pack(one, Set.of());
        var second = PackedWorkdir.pack(two, Set.of())) {
      assertThat(second.sha256()).isNotEqualTo(first.sha256());
    }
  }

  @Test
  void keepsModesLinksAndEmptyDirectoriesButNoTimesAndOwners() throws IOException {
    fill(directory, false);
    try (var packed = PackedWorkdir.pack(directory, Set.of())) {
      var entries = entries(packed);
      assertThat(entries.keySet())
          .containsExactly(
              "a.py",
              "b.py",
              "pkg/",
              "pkg/empty/",
              "pkg/link",
              "pkg/ü-" + "x".repeat(120) + ".txt");
      assertThat(entries.get("a.py").getMode()).isEqualTo(0750);
      assertThat(entries.get("pkg/link").getLinkName()).isEqualTo("../a.py");
      for (var entry : entries.values()) {
        assertThat(entry.getModTime().getTime()).isZero();
        assertThat(entry.getLongUserId()).isZero();
        assertThat(entry.getUserName()).isEmpty();
      }
    }
  }

  @Test
  void aLinkThatLeavesTheDirectoryStaysAndIsTold() throws IOException {
    var root = Files.createDirectory(directory.resolve("root"));
    Files.writeString(root.resolve("in.txt"), "");
    Files.createSymbolicLink(root.resolve("out"), Path.of("../secret"));
    Files.createSymbolicLink(root.resolve("absolute"), root.resolve("in.txt"));
    try (var packed = PackedWorkdir.pack(root, Set.of())) {
      assertThat(entries(packed)).containsOnlyKeys("in.txt", "absolute");
      assertThat(entries(packed).get("absolute").getLinkName()).isEqualTo("in.txt");
      assertThat(packed.warnings()).singleElement().asString().startsWith("out points outside");
    }
  }

  @Test
  void ourOwnHomeIsNeverPacked() throws IOException {
    var home = Files.createDirectories(directory.resolve("home/local"));
    Files.writeString(home.resolve("token"), "hidden");
    Files.writeString(directory.resolve("train.py"), "");
    try (var packed = PackedWorkdir.pack(directory, Set.of(directory.resolve("home")))) {
      assertThat(entries(packed)).containsOnlyKeys("train.py");
    }
  }

  @Test
  void tooManyFilesAreRefusedWithTheDirectoriesThatHoldThem() throws IOException {
    var many = Files.createDirectory(directory.resolve("many"));
    for (int i = 0; i < 30; i++) {
      Files.writeString(many.resolve("f" + i), "");
    }
    assertThatThrownBy(() -> new WorkdirScan(directory, Set.of(), 1 << 20, 20).files())
        .isInstanceOf(Failure.class)
        .hasMessageContaining("more than 20 files")
        .hasMessageContaining("many/ (31 files)");
  }
}
