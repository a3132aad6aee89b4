package io.vaultlayer.wire;

import java.util.Map;

/**
 * Answer to a submission: the job, and where to PUT the work directory ({@code upload} null once it
 * is there).
 */
public record SubmitResponse(StatusDocument job, Upload upload) {
  /** PUT exactly the announced bytes to {@code url} with these headers before {@code expiresAt}. */
  public record Upload(String url, String method, Map<String, String> headers, String expiresAt) {}
}
