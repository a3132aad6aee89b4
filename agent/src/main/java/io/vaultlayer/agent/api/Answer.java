package io.vaultlayer.agent.api;

/** What came of a call. Four kinds, because the caller acts in four ways. */
public sealed interface Answer<T> {
  record Ok<T>(T value) implements Answer<T> {}

  /**
   * The attempt is over for us: 409 {@code fenced}, or the token is no longer known. Stop at once.
   */
  record Fenced<T>(String message) implements Answer<T> {}

  /** Understood and refused; the same call again gets the same answer. */
  record Refused<T>(int status, String code, String message) implements Answer<T> {}

  /** No answer, or none that says anything: it may have been done or not. Ask again later. */
  record Unavailable<T>(String message) implements Answer<T> {}
}
