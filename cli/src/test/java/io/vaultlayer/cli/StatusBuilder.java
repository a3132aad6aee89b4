package io.vaultlayer.cli;

import io.vaultlayer.wire.StatusDocument;
import io.vaultlayer.wire.StatusDocument.Attempt;
import io.vaultlayer.wire.StatusDocument.Checkpoint;
import java.util.ArrayList;
import java.util.List;

/** Makes status documents for tests. */
final class StatusBuilder {
  private final String id;
  private final String name;
  private final String state;
  private final List<Attempt> attempts = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private String reason;
  private String detail;
  private Long step;
  private Integer exitCode;
  private Checkpoint checkpoint;
  private String heardAt;
  private final List<StatusDocument.Gpu> gpus = new ArrayList<>();

  StatusBuilder(String id, String name, String state) {
    this.id = id;
    this.name = name;
    this.state = state;
  }

  StatusBuilder reason(String code, String text) {
    reason = code;
    detail = text;
    return this;
  }

  StatusBuilder exitCode(int code) {
    exitCode = code;
    return this;
  }

  StatusBuilder step(long completed) {
    step = completed;
    return this;
  }

  StatusBuilder heard(String at, StatusDocument.Gpu... told) {
    heardAt = at;
    gpus.addAll(List.of(told));
    return this;
  }

  StatusBuilder warning(String text) {
    warnings.add(text);
    return this;
  }

  StatusBuilder checkpoint(long at, int epoch) {
    checkpoint = new Checkpoint(at, epoch, "2026-11-20T10:00:30Z", 2048, 3);
    return this;
  }

  StatusBuilder attempt(String outcome, String why, Long first, Long last, Long resumedFrom) {
    int epoch = attempts.size() + 1;
    attempts.add(
        new Attempt(
            epoch,
            "local",
            "i-" + epoch,
            "here",
            "spot",
            0.0,
            "2026-11-20T10:00:0" + epoch + "Z",
            outcome == null ? null : "2026-11-20T10:00:3" + epoch + "Z",
            outcome,
            why,
            first,
            last,
            resumedFrom));
    return this;
  }

  StatusDocument build() {
    return new StatusDocument(
        id,
        name,
        state,
        reason,
        detail,
        List.of("python3", "train.py"),
        "cpu",
        false,
        true,
        Math.max(1, attempts.size()),
        null,
        step,
        step == null ? null : 0.41,
        null,
        exitCode,
        attempts.isEmpty() ? null : "local",
        attempts.isEmpty() ? null : "i-" + attempts.size(),
        attempts.isEmpty() ? null : "here",
        checkpoint,
        List.copyOf(attempts),
        List.copyOf(warnings),
        0.0,
        "2026-11-20T10:00:00Z",
        List.of("succeeded", "failed", "cancelled", "stopped").contains(state)
            ? "2026-11-20T10:01:00Z"
            : null,
        heardAt,
        List.copyOf(gpus));
  }
}
