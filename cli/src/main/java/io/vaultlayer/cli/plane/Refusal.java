package io.vaultlayer.cli.plane;

import io.vaultlayer.cli.frame.ExitCode;
import io.vaultlayer.cli.frame.Failure;
import io.vaultlayer.wire.ErrorDocument;

/** The control plane answered with an error. {@code status} is the HTTP status. */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final transient ErrorDocument document;

  public Refusal(int status, ErrorDocument document) {
    super(document.message());
    this.status = status;
    this.document = document;
  }

  public int status() {
    return status;
  }

  public ErrorDocument document() {
    return document;
  }

  /**
   * What the user is told. 404 is exit 3 here: whether the job itself is unknown, Jobs finds out.
   */
  public Failure failure() {
    boolean notBuilt = document.code().equals("not_built");
    int exit =
        notBuilt
            ? ExitCode.REFUSED
            : switch (status) {
              case 400, 413 -> ExitCode.USAGE;
              case 500, 502, 503, 504 -> ExitCode.UNREACHABLE;
              default -> ExitCode.REFUSED;
            };
    return new Failure(exit, document.code(), document.message(), document.detail());
  }
}
