package io.vaultlayer.core.home;

import java.util.Map;
import java.util.Optional;

/**
 * The user's home directory and VaultLayer's in it. Paths are text here; who asks makes them
 * absolute.
 */
public final class HomeFolder {
  /** Moves VaultLayer's home; a relative one is meant from the current directory. */
  public static final String VARIABLE = "VAULTLAYER_HOME";

  private static final String NAME = ".vaultlayer";

  private HomeFolder() {}

  /**
   * {@code HOME} where it is an absolute path, as every shell and tool reads {@code ~}; else what
   * the user database says.
   *
   * @param account Java's {@code user.home}, which never looks at {@code HOME} where the user
   *     database has an entry, and is {@code ?} where neither says anything
   * @return empty when nobody knows
   */
  public static Optional<String> ofUser(Map<String, String> environment, String account) {
    return Optional.ofNullable(environment.get("HOME"))
        .filter(HomeFolder::isAbsolute)
        .or(() -> Optional.of(account).filter(HomeFolder::isAbsolute));
  }

  /** {@value #VARIABLE}, else {@code ~/.vaultlayer}; empty when nobody knows where that is. */
  public static Optional<String> ofVaultLayer(Map<String, String> environment, String account) {
    return Optional.ofNullable(environment.get(VARIABLE))
        .filter(named -> !named.isBlank())
        .or(() -> ofUser(environment, account).map(home -> home + "/" + NAME));
  }

  private static boolean isAbsolute(String path) {
    return path.startsWith("/");
  }
}
