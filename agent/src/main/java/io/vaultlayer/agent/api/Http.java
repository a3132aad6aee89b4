package io.vaultlayer.agent.api;

import io.vaultlayer.wire.ErrorDocument;
import io.vaultlayer.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * One POST of JSON at a time, on connections that are kept. The old client of the JDK: it costs a
 * third of the start of {@code java.net.http} and no threads.
 */
final class Http {
  /** An answer longer than this is none of ours. */
  private static final int MOST_BYTES = 8 << 20;

  static {
    // The JDK would silently send a POST again when a kept connection breaks: a beat would arrive
    // twice with one number, and we would hear only the refusal of the second.
    System.setProperty("sun.net.http.retryPost", "false");
  }

  private Http() {}

  static <T> Answer<T> post(
      URI to, String token, Object body, Class<T> type, Duration connect, Duration read) {
    HttpURLConnection connection = null;
    try {
      connection = (HttpURLConnection) to.toURL().openConnection();
      connection.setConnectTimeout((int) connect.toMillis());
      connection.setReadTimeout((int) read.toMillis());
      connection.setInstanceFollowRedirects(false);
      connection.setRequestMethod("POST");
      connection.setDoOutput(true);
      connection.setRequestProperty("Content-Type", "application/json");
      connection.setRequestProperty("Accept", "application/json");
      connection.setRequestProperty("Authorization", "Bearer " + token);
      byte[] bytes = Json.render(body).getBytes(StandardCharsets.UTF_8);
      try (var out = connection.getOutputStream()) {
        out.write(bytes);
      }
      int status = connection.getResponseCode();
      return read(status, text(connection, status), type);
    } catch (IOException e) {
      if (connection != null) {
        connection.disconnect();
      }
      return new Answer.Unavailable<>(
          e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage()));
    }
  }

  private static String text(HttpURLConnection connection, int status) throws IOException {
    // Read to its end also when it is of no interest: only then is the connection kept.
    try (InputStream in =
        status >= 400 ? connection.getErrorStream() : connection.getInputStream()) {
      if (in == null) {
        return "";
      }
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IOException("the answer is longer than " + MOST_BYTES + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  private static <T> Answer<T> read(int status, String text, Class<T> type) {
    if (status >= 200 && status < 300) {
      try {
        return new Answer.Ok<>(Json.parse(text.isBlank() ? "{}" : text, type));
      } catch (Json.MalformedJson e) {
        return new Answer.Unavailable<>("unreadable answer: " + e.getMessage());
      }
    }
    ErrorDocument error = error(text).orElse(ErrorDocument.of("http_" + status, "HTTP " + status));
    if (status == 401 || status == 403 || status == 409 && error.code().equals("fenced")) {
      return new Answer.Fenced<>(error.message());
    }
    if (status == 408 || status == 429 || status >= 500 || status < 400) {
      return new Answer.Unavailable<>("HTTP " + status + " " + error.code());
    }
    return new Answer.Refused<>(status, error.code(), error.message());
  }

  private static Optional<ErrorDocument> error(String text) {
    try {
      ErrorDocument error = Json.parse(text, ErrorDocument.class);
      return error.code() == null || error.message() == null
          ? Optional.empty()
          : Optional.of(error);
    } catch (Json.MalformedJson e) {
      return Optional.empty();
    }
  }
}
