package io.vaultlayer.agent.attempt;

import io.vaultlayer.wire.AttemptApi;

/** What an exit says, one method for each way to end. */
record Reports(Long firstStep, Long lastStep) {
  private static final int MOST_DETAIL = 500;

  AttemptApi.Exit succeeded(String outputsKey, String outputsSha256) {
    return new AttemptApi.Exit(
        "succeeded", 0, null, null, null, firstStep, lastStep, outputsKey, outputsSha256);
  }

  AttemptApi.Exit failed(String reason, Integer exitCode, Integer signal, String detail) {
    return exit("failed", exitCode, signal, reason, detail);
  }

  AttemptApi.Exit reclaimed(Integer exitCode, Integer signal, String detail) {
    return exit("reclaimed", exitCode, signal, null, detail);
  }

  AttemptApi.Exit lost(String detail) {
    return exit("lost", null, null, null, detail);
  }

  AttemptApi.Exit unhealthy(String detail) {
    return exit("unhealthy", null, null, null, detail);
  }

  private AttemptApi.Exit exit(
      String outcome, Integer exitCode, Integer signal, String reason, String detail) {
    String text = detail == null ? "" : detail;
    return new AttemptApi.Exit(
        outcome,
        exitCode,
        signal,
        reason,
        text.length() > MOST_DETAIL ? text.substring(0, MOST_DETAIL) : text,
        firstStep,
        lastStep,
        null,
        null);
  }
}
