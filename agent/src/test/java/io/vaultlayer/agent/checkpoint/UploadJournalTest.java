package io.vaultlayer.agent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.vaultlayer.wire.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UploadJournalTest {
  private static final Digest.Part ONE = new Digest.Part(5, 0xdeadbeefL, 7);
  private static final Digest.Part TWO = new Digest.Part(5, 8, 9);

  @TempDir Path directory;

  private UploadJournal.Left left() {
    try (var journal = UploadJournal.in(directory)) {
      return journal.read();
    }
  }

  private Path file() {
    return directory.resolve("upload.journal");
  }

  @Test
  void saysWhatWasStoredAndWhatWasSentOfTheRest() {
    var stored = new Manifest.File("c/ü\n\"a", "k/a", 3, "ab", "00000001");
    try (var journal = UploadJournal.in(directory)) {
      int first = journal.opened("c/b", "k/b", "id&1", 16);
      int other = journal.opened("c/a2", "k/a2", "id2", 16);
      journal.sending(first, 1, ONE);
      journal.sending(other, 1, TWO);
      journal.sending(first, 2, TWO);
      journal.stored(stored);
      journal.stored(new Manifest.File("c/a2", "k/a2", 5, "cd", "00000002"));
    }
    assertThat(left().stored()).hasSize(2).containsEntry(stored.path(), stored);
    assertThat(left().begun()).containsOnlyKeys("c/b");
    var begun = left().begun().get("c/b");
    assertThat(begun.upload()).isEqualTo(new UploadJournal.Opened(0, "c/b", "k/b", "id&1", 16));
    assertThat(begun.sent()).isEqualTo(Map.of(1, ONE, 2, TWO));
  }

  @Test
  void theUploadThatWasOpenedLastCounts() {
    try (var journal = UploadJournal.in(directory)) {
      journal.sending(journal.opened("f", "k", "refused", 16), 1, ONE);
      journal.sending(journal.opened("f", "k", "open", 16), 2, TWO);
    }
    try (var again = UploadJournal.in(directory)) {
      int number = again.read().begun().get("f").upload().number();
      again.sending(number, 3, ONE);
      assertThat(again.opened("g", "k", "next", 16)).isEqualTo(2);
    }
    assertThat(left().begun().get("f").upload().id()).isEqualTo("open");
    assertThat(left().begun().get("f").sent()).containsOnlyKeys(2, 3);
  }

  @Test
  void aPartThatWasSentWithTwoContentsIsNeither() {
    try (var journal = UploadJournal.in(directory)) {
      int upload = journal.opened("f", "k", "id", 16);
      journal.sending(upload, 1, ONE);
      journal.sending(upload, 1, TWO);
      journal.sending(upload, 1, ONE);
    }
    assertThat(left().begun().get("f").sent().get(1)).isNotIn(ONE, TWO);
  }

  @Test
  void aTornLineHidesNeitherThoseBeforeItNorThoseAfterIt() throws IOException {
    try (var journal = UploadJournal.in(directory)) {
      journal.sending(journal.opened("f", "k", "id", 16), 1, ONE);
    }
    Files.writeString(file(), "0123abcd P 0 2 5 1", StandardOpenOption.APPEND);
    try (var again = UploadJournal.in(directory)) {
      again.read();
      again.sending(0, 3, TWO);
    }
    assertThat(left().begun().get("f").sent()).isEqualTo(Map.of(1, ONE, 3, TWO));
  }

  @Test
  void itEndsAtItsBoundAndWhereItCannotBeWritten() throws IOException {
    Files.writeString(file(), "x".repeat((int) UploadJournal.MOST_BYTES - 10));
    try (var journal = UploadJournal.in(directory)) {
      journal.opened("f", "k", "id", 16);
    }
    assertThat(Files.size(file())).isLessThanOrEqualTo(UploadJournal.MOST_BYTES);
    assertThat(left()).isEqualTo(UploadJournal.Left.NOTHING);
    try (var nowhere = UploadJournal.in(directory.resolve("gone"))) {
      nowhere.sending(nowhere.opened("f", "k", "id", 16), 1, ONE);
      assertThat(nowhere.read()).isEqualTo(UploadJournal.Left.NOTHING);
    }
  }
}
