package io.vaultlayer.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.vaultlayer.core.port.TransportUnavailable;
import io.vaultlayer.testkit.fake.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.secretsmanager.model.GetSecretValueRequest;
import software.amazon.awssdk.services.secretsmanager.model.GetSecretValueResponse;

class StoredSecretTest {
  private final ManualClock clock = new ManualClock(Instant.parse("2026-11-20T10:00:00Z"));
  private final Vault vault = new Vault();
  private final StoredSecret secret = new StoredSecret(() -> vault, "r2/parent", clock);

  @Test
  void isReadOnceInAWhileAndOneThatTookItsPlaceIsNoticed() {
    vault.text = "first\n";
    assertThat(secret.get()).isEqualTo("first");
    vault.text = "second";
    clock.advance(Duration.ofMinutes(4));
    assertThat(secret.get()).isEqualTo("first");
    assertThat(vault.asked).containsExactly("r2/parent");
    clock.advance(Duration.ofMinutes(1));
    assertThat(secret.get()).isEqualTo("second");
  }

  @Test
  void outlivesAnOutageOfItsStoreOnceItWasRead() {
    vault.text = null;
    vault.isDown = true;
    assertThatExceptionOfType(TransportUnavailable.class)
        .isThrownBy(secret::get)
        .withMessageContaining("r2/parent");
    vault.isDown = false;
    vault.text = "first";
    assertThat(secret.get()).isEqualTo("first");
    vault.isDown = true;
    clock.advance(Duration.ofMinutes(30));
    assertThat(secret.get()).isEqualTo("first");
  }

  @Test
  void whatCannotBeASecretIsRefusedAndNotShown() {
    for (String wrong : new String[] {"", "  ", "{\"key\": \"hunter2\"}", "hunter2".repeat(100)}) {
      vault.text = wrong;
      assertThatIllegalStateException()
          .isThrownBy(secret::get)
          .withMessageNotContaining("hunter2")
          .withMessageContaining("r2/parent");
    }
    vault.text = "hunter2";
    assertThat(secret.get() + secret).isEqualTo("hunter2StoredSecret[r2/parent]");
  }

  private static final class Vault implements SecretsManagerClient {
    private final List<String> asked = new ArrayList<>();
    private String text = "";
    private boolean isDown;

    @Override
    public GetSecretValueResponse getSecretValue(GetSecretValueRequest request) {
      asked.add(request.secretId());
      if (isDown) {
        throw SdkClientException.create("no answer");
      }
      return GetSecretValueResponse.builder().secretString(text).build();
    }

    @Override
    public String serviceName() {
      return "secretsmanager";
    }

    @Override
    public void close() {}
  }
}
