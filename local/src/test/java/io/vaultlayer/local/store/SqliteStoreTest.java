package io.vaultlayer.local.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vaultlayer.core.port.Due;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.local.PlaneRefused;
import io.vaultlayer.local.template.Template;
import io.vaultlayer.testkit.suite.StoreListingSuite;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The SQLite store passes the suite of every store, and treats its file with care. */
class SqliteStoreTest extends StoreListingSuite {
  private static final List<Template.Table> TABLES =
      List.of(
          new Template.Table("Rows", "arn:rows", true, false),
          new Template.Table("Fading", "arn:fading", false, true));

  @TempDir Path directory;
  private SqliteStore open;

  @Override
  protected Store store() {
    open = SqliteStore.open(file(), TABLES);
    return open;
  }

  @Override
  protected String emptyTable() {
    return "Rows";
  }

  @AfterEach
  void close() {
    open.close();
  }

  @Test
  void rowsSurviveClosingAndOpening() {
    var due = Optional.of(new Due("work", Instant.parse("2026-01-01T00:00:00.123456789Z")));
    store.write(List.of(new Write.Put("Rows", A, Expect.absent(), Map.of("n", 3L, "d", 1.0), due)));
    open.close();
    var again = store().get("Rows", A).orElseThrow();
    assertThat(again.attributes()).isEqualTo(Map.of("n", 3L, "d", 1.0));
    assertThat(again.due()).isEqualTo(due);
  }

  @Test
  void aDamagedFileIsRefusedAndLeftAsItIs() throws Exception {
    for (int i = 0; i < 300; i++) {
      store.write(
          List.of(
              new Write.Put(
                  "Rows",
                  Key.of("k" + i),
                  Expect.absent(),
                  Map.of("v", "x".repeat(500)),
                  Optional.empty())));
    }
    open.close();
    var bytes = Files.readAllBytes(file());
    for (int i = 4096; i < bytes.length - 4096; i += 3) {
      bytes[i] ^= 0x5a;
    }
    Files.write(file(), bytes);
    assertThatThrownBy(this::store)
        .isInstanceOf(PlaneRefused.class)
        .hasMessageContaining("corrupted data directory")
        .hasMessageContaining(file().toString());
    assertThat(Files.readAllBytes(file())).isEqualTo(bytes);
  }

  @Test
  void aFullDiskIsRefusedAndForgottenWhenThereIsRoomAgain() throws Exception {
    var writer = SqliteStore.class.getDeclaredField("writer");
    writer.setAccessible(true);
    var connection = Writer.class.getDeclaredField("connection");
    connection.setAccessible(true);
    var large = Map.<String, Object>of("v", "x".repeat(300_000));
    put("before");
    try (var statement =
        ((java.sql.Connection) connection.get(writer.get(open))).createStatement()) {
      statement.execute("PRAGMA max_page_count = 30");
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() ->
                store.write(
                    List.of(
                        new Write.Put(
                            "Rows", Key.of("big"), Expect.absent(), large, Optional.empty()))))
            .isInstanceOf(StoreUnavailable.class)
            .hasMessageContaining("SQLITE_FULL");
      }
      assertThat(store.get("Rows", Key.of("before"))).isPresent();
      statement.execute("PRAGMA max_page_count = 100000");
    }
    put("after");
    assertThat(store.get("Rows", Key.of("after"))).isPresent();
    assertThat(store.get("Rows", Key.of("big"))).isEmpty();
  }

  private void put(String name) {
    store.write(
        List.of(new Write.Put("Rows", Key.of(name), Expect.absent(), Map.of(), Optional.empty())));
  }

  @Test
  void aFileThatIsNoDatabaseIsRefusedAndLeftAsItIs() throws Exception {
    open.close();
    Files.writeString(file(), "this was a database once ".repeat(400));
    var before = Files.readAllBytes(file());
    assertThatThrownBy(this::store).hasMessageContaining("corrupted data directory");
    assertThat(Files.readAllBytes(file())).isEqualTo(before);
  }

  @Test
  void anotherProgramsDatabaseIsRefused() throws Exception {
    var foreign = directory.resolve("foreign.db");
    try (var connection = java.sql.DriverManager.getConnection("jdbc:sqlite:" + foreign);
        var statement = connection.createStatement()) {
      statement.execute("CREATE TABLE theirs (x)");
    }
    assertThatThrownBy(() -> SqliteStore.open(foreign, TABLES))
        .isInstanceOf(PlaneRefused.class)
        .hasMessageContaining("another program's database");
  }

  @Test
  void rowsAreDeletedAfterTheirTimeOnlyWhereTheTemplateSaysSo() {
    var past = Map.<String, Object>of("expiresAt", 1_000L);
    for (var name : List.of("Rows", "Fading")) {
      store.write(List.of(new Write.Put(name, A, Expect.absent(), past, Optional.empty())));
      store.write(List.of(new Write.Put(name, B, Expect.absent(), Map.of(), Optional.empty())));
    }
    assertThat(open.deleteExpired(Instant.ofEpochSecond(1_000))).isZero();
    assertThat(open.deleteExpired(Instant.ofEpochSecond(1_001))).isEqualTo(1);
    assertThat(store.get("Fading", A)).isEmpty();
    assertThat(store.get("Fading", B)).isPresent();
    assertThat(store.get("Rows", A)).isPresent();
  }

  @Test
  void aTableThatTheTemplateDoesNotNameIsRefused() {
    assertThatThrownBy(() -> store.get("Others", A)).hasMessageContaining("no table Others");
    assertThatThrownBy(() -> store.due("Fading", "work", Instant.EPOCH, 1, Optional.empty()))
        .hasMessageContaining("no index due");
  }

  private Path file() {
    return directory.resolve("store.db");
  }
}
