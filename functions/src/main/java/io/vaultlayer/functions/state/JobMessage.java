package io.vaultlayer.functions.state;

import com.fasterxml.jackson.databind.JsonNode;
import io.vaultlayer.core.job.JobId;
import io.vaultlayer.wire.Json;
import java.util.Optional;

/** Which job a message is about; nothing else of a message is believed. */
public final class JobMessage {
  private JobMessage() {}

  /**
   * Reads a bus event ({@code detail.job}) or a plain message ({@code job}); empty when it names
   * none.
   */
  public static Optional<JobId> job(String body) {
    JsonNode tree;
    try {
      tree = Json.tree(body);
    } catch (Json.MalformedJson e) {
      return Optional.empty();
    }
    var text = tree.path("detail").path("job").asText(tree.path("job").asText(""));
    return JobId.looksLike(text) ? Optional.of(new JobId(text)) : Optional.empty();
  }
}
