package io.vaultlayer.local.function;

/** Checks each call of one function against its own statements. */
final class Guard {
  private final String function;
  private final Permissions permissions;

  Guard(String function, Permissions permissions) {
    this.function = function;
    this.permissions = permissions;
  }

  /**
   * @throws AccessDenied naming function, action and resource
   */
  void check(String action, String resource) {
    if (!permissions.allows(action, resource)) {
      refuse(action, resource);
    }
  }

  void refuse(String action, String resource) {
    throw new AccessDenied(function, action, resource);
  }
}
