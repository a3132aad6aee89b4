package io.vaultlayer.agent.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnpackTest {
  @TempDir Path directory;
  private Path root;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private TarArchiveOutputStream tar;

  @BeforeEach
  void open() throws IOException {
    root = Files.createDirectory(directory.resolve("work"));
    tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes), "UTF-8");
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
  }

  private void file(String name, String content, int mode) throws IOException {
    var entry = new TarArchiveEntry(name, true);
    byte[] text = content.getBytes(StandardCharsets.UTF_8);
    entry.setSize(text.length);
    entry.setMode(mode);
    tar.putArchiveEntry(entry);
    tar.write(text);
    tar.closeArchiveEntry();
  }

  private void special(String name, byte type, String target) throws IOException {
    var entry = new TarArchiveEntry(name, type, true);
    entry.setLinkName(target);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
  }

  private java.util.List<String> unpack() throws IOException {
    tar.close();
    Path archive = directory.resolve("packed.tar.gz");
    Files.write(archive, bytes.toByteArray());
    return Unpack.into(root, archive);
  }

  @Test
  void filesDirectoriesLinksAndTheExecutableBitComeBack() throws IOException {
    file("run.sh", "echo", 0755);
    file("deep/er/data.txt", "caf\u00e9", 0600);
    file("x".repeat(150) + "/long", "long", 0644);
    special("empty/", TarArchiveEntry.LF_DIR, "");
    special("deep/link", TarArchiveEntry.LF_SYMLINK, "er/data.txt");
    special("hard", TarArchiveEntry.LF_LINK, "run.sh");
    assertThat(unpack()).isEmpty();
    assertThat(root.resolve("run.sh")).isExecutable();
    assertThat(Files.isExecutable(root.resolve("deep/er/data.txt"))).isFalse();
    assertThat(root.resolve("deep/link")).hasContent("caf\u00e9");
    assertThat(root.resolve("hard")).hasContent("echo");
    assertThat(root.resolve("empty")).isEmptyDirectory();
    assertThat(root.resolve("x".repeat(150)).resolve("long")).hasContent("long");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/tmp/evil", "../evil", "a/../../evil", "a/.."})
  void aNameThatLeadsOutIsRefused(String name) throws IOException {
    file(name, "evil", 0644);
    assertThatThrownBy(this::unpack).isInstanceOf(Unpack.Refused.class);
    assertThat(directory.resolve("evil")).doesNotExist();
  }

  @Test
  void nothingIsWrittenThroughALink() throws IOException {
    Path outside = Files.createDirectory(directory.resolve("outside"));
    special("way", TarArchiveEntry.LF_SYMLINK, outside.toString());
    file("way/evil", "evil", 0644);
    assertThat(unpack()).containsExactly("way");
    assertThat(outside).isEmptyDirectory();
  }

  @Test
  void linksThatLeadOutAreLeftOutAndNamed() throws IOException {
    file("keep", "kept", 0644);
    special("passwd", TarArchiveEntry.LF_SYMLINK, "/etc/passwd");
    special("up", TarArchiveEntry.LF_SYMLINK, "../outside");
    special("a", TarArchiveEntry.LF_SYMLINK, "b/c");
    special("b", TarArchiveEntry.LF_SYMLINK, ".");
    special("fine", TarArchiveEntry.LF_SYMLINK, "keep");
    assertThat(unpack()).contains("passwd", "up").doesNotContain("fine");
    assertThat(Files.readSymbolicLink(root.resolve("fine"))).hasToString("keep");
    assertThat(root.resolve("passwd")).doesNotExist();
  }

  @Test
  void aHardLinkToTheOutsideIsRefused() throws IOException {
    special("evil", TarArchiveEntry.LF_LINK, "../../etc/passwd");
    assertThatThrownBy(this::unpack).isInstanceOf(Unpack.Refused.class);
  }

  @Test
  void devicesAndPipesAreRefused() throws IOException {
    special("pipe", TarArchiveEntry.LF_FIFO, "");
    assertThatThrownBy(this::unpack)
        .isInstanceOf(Unpack.Refused.class)
        .hasMessageContaining("pipe");
  }

  @Test
  void aNameThatComesTwiceIsRefused() throws IOException {
    file("a", "1", 0644);
    file("a", "2", 0644);
    assertThatThrownBy(this::unpack).isInstanceOf(Unpack.Refused.class);
  }
}
