package io.vaultlayer.functions.http;

import java.util.Arrays;
import java.util.stream.Collectors;

/** An unexpected exception in one line: type, message, and where in our code. */
public final class Crash {
  private static final int MOST_FRAMES = 6;

  private Crash() {}

  public static String describe(Throwable thrown) {
    var where =
        Arrays.stream(thrown.getStackTrace())
            .filter(f -> f.getClassName().startsWith("io.vaultlayer"))
            .limit(MOST_FRAMES)
            .map(f -> f.getFileName() + ":" + f.getLineNumber())
            .collect(Collectors.joining(" < "));
    return thrown.getClass().getSimpleName() + ": " + thrown.getMessage() + " at " + where;
  }
}
