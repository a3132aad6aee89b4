package io.vaultlayer.testkit.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.testkit.suite.StoreListingSuite;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends StoreListingSuite {
  private final MemoryStore memory = new MemoryStore();

  @Override
  protected Store store() {
    return memory;
  }

  @Override
  protected String emptyTable() {
    return "rows";
  }

  @Test
  void rowsPastTheirExpiryStayUntilTheStoreDeletesThem() {
    write(put(A, Expect.absent(), Map.of("expiresAt", 1000L)));
    write(put(B, Expect.absent(), Map.of("expiresAt", 3000L)));
    memory.expire(Instant.ofEpochSecond(2000));
    assertThat(memory.all("rows")).extracting(item -> item.key()).containsExactly(B);
  }

  @Test
  void whatNoStoreCanKeepIsRefusedBeforeItIsWritten() {
    for (Object wrong :
        List.of(1, 1.5f, 'c', new byte[0], Double.NaN, List.of(1), Map.of("k", Instant.EPOCH))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> put(A, Expect.absent(), Map.of("v", wrong)))
          .withMessageContaining("v");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> put(A, Expect.absent(), Map.of("v", "x".repeat(400_000))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> put(A, Expect.absent(), Map.of("expiresAt", "tomorrow")));
  }

  @Test
  void aRowHandedOutDoesNotChangeWithTheMapThatItWasMadeFrom() {
    var list = new java.util.ArrayList<Object>(List.of("x"));
    write(new Write.Put(table, A, Expect.absent(), Map.of("l", list), Optional.empty()));
    list.add("y");
    assertThat(store.get(table, A).orElseThrow().attributes().get("l")).isEqualTo(List.of("x"));
  }
}
