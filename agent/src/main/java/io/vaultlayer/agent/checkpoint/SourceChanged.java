package io.vaultlayer.agent.checkpoint;

import java.io.IOException;

/** A file is not, or no longer, what was to be uploaded; nothing names what was sent of it. */
final class SourceChanged extends IOException {
  private static final long serialVersionUID = 1L;

  SourceChanged(String message) {
    super(message);
  }
}
