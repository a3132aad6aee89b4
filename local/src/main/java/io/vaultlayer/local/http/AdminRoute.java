package io.vaultlayer.local.http;

/**
 * A route of the plane itself, beside the template's.
 *
 * @param path exact, or ending in a slash: then the rest of the path is handed over
 * @param open needs no token
 */
public record AdminRoute(String method, String path, boolean open, Handler handler) {
  /** Answers; {@code rest} is what follows the path. */
  @FunctionalInterface
  public interface Handler {
    Answer answer(String rest);
  }

  boolean fits(String given) {
    return path.endsWith("/")
        ? given.length() > path.length() && given.startsWith(path)
        : given.equals(path);
  }
}
