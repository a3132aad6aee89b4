package io.vaultlayer.core.home;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HomeFolderTest {
  private static final String ACCOUNT = "/home/ada";

  @Test
  void theEnvironmentsHomeGoesBeforeTheUserDatabase() {
    var environment = Map.of("HOME", "/tmp/elsewhere");
    assertThat(HomeFolder.ofUser(environment, ACCOUNT)).contains("/tmp/elsewhere");
    assertThat(HomeFolder.ofVaultLayer(environment, ACCOUNT))
        .contains("/tmp/elsewhere/.vaultlayer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "elsewhere", "./here", "~"})
  void aHomeThatIsNoAbsolutePathCountsAsNone(String home) {
    assertThat(HomeFolder.ofUser(Map.of("HOME", home), ACCOUNT)).contains(ACCOUNT);
  }

  @Test
  void vaultLayersOwnVariableGoesBeforeBoth() {
    var environment = Map.of("HOME", "/tmp/elsewhere", "VAULTLAYER_HOME", "here");
    assertThat(HomeFolder.ofVaultLayer(environment, ACCOUNT)).contains("here");
    assertThat(HomeFolder.ofUser(environment, ACCOUNT)).contains("/tmp/elsewhere");
  }

  @Test
  void vaultLayersOwnVariableCountsOnlyWhereItSaysSomething() {
    assertThat(HomeFolder.ofVaultLayer(Map.of("VAULTLAYER_HOME", " "), ACCOUNT))
        .contains("/home/ada/.vaultlayer");
  }

  @Test
  void aUserWhomNobodyKnowsHasNoHome() {
    assertThat(HomeFolder.ofUser(Map.of(), "?")).isEmpty();
    assertThat(HomeFolder.ofVaultLayer(Map.of("HOME", ""), "?")).isEmpty();
    assertThat(HomeFolder.ofVaultLayer(Map.of("VAULTLAYER_HOME", "/x"), "?")).contains("/x");
  }
}
