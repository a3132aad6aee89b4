package io.vaultlayer.local.function;

/** The template does not allow a function what it tried; on AWS the call would be refused too. */
public final class AccessDenied extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public AccessDenied(String function, String action, String resource) {
    super(
        function
            + " is not allowed "
            + action
            + " on "
            + resource
            + "; the template's Policies of the function must say so");
  }
}
