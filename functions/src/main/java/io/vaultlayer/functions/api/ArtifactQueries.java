package io.vaultlayer.functions.api;

import io.vaultlayer.core.job.JobState;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Lists;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** What else lies in the bucket: logs and outputs. */
final class ArtifactQueries {
  /** Largest piece of a log that an agent ships. */
  static final int MOST_PIECE = 4 << 20;

  /** Output in one answer: API Gateway allows 10 MB, Lambda 6, and JSON escapes may double it. */
  static final int MOST_LOG_BYTES = 2 << 20;

  private static final int USUAL_PIECES = 100;
  private final Platform platform;
  private final Control control;
  private final ManifestFiles manifests;

  ArtifactQueries(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.manifests = new ManifestFiles(platform);
  }

  /**
   * {@code after} is the {@code next} of the answer before; {@code attempt} limits it to one epoch.
   */
  Answer logs(HttpRequest http) {
    var job = http.job("id");
    control.leases().load(job).orElseThrow(() -> new Leases.UnknownJob(job));
    var attempt = http.number("attempt");
    var prefix =
        attempt
            .map(a -> BucketLayout.logs(job.value(), a.intValue()))
            .orElse(BucketLayout.logs(job.value()));
    var after = http.text("after").map(a -> BucketLayout.logs(job.value()) + cursor(a) + ".log");
    var bucket = platform.bucket("BUCKET");
    var listing = bucket.list(prefix, after, http.limit(USUAL_PIECES));
    var pieces = new ArrayList<Lists.LogPiece>();
    int bytes = 0;
    String next = http.text("after").orElse(null);
    boolean more = listing.next().isPresent();
    for (var object : listing.objects()) {
      if (bytes > 0 && bytes + object.bytes() > MOST_LOG_BYTES) {
        more = true;
        break;
      }
      var name = object.key().substring(BucketLayout.logs(job.value()).length());
      if (!name.matches("e\\d{8}/\\d{8}\\.log")) {
        continue;
      }
      var body = bucket.read(object.key(), MOST_PIECE);
      if (body.isPresent()) {
        bytes += body.get().length;
        pieces.add(
            piece(
                Integer.parseInt(name.substring(1, 9)),
                Long.parseLong(name.substring(10, 18)),
                body.get()));
        next = name.substring(0, 18);
      }
    }
    return Answer.ok(new LogsPage(pieces, next, more));
  }

  /**
   * {@code next} is always there once a piece was seen, so that a follower can ask again from it;
   * {@code more} says at once.
   */
  record LogsPage(List<Lists.LogPiece> logs, String next, boolean more) {}

  private static String cursor(String after) {
    if (!after.matches("e\\d{8}/\\d{8}")) {
      throw new ApiError(
          400,
          "malformed",
          "reading logs: after is the next of an earlier answer, such as e00000001/00000007");
    }
    return after;
  }

  private static Lists.LogPiece piece(int attempt, long sequence, byte[] body) {
    try {
      var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
      return new Lists.LogPiece(attempt, sequence, text, null);
    } catch (CharacterCodingException e) {
      return new Lists.LogPiece(attempt, sequence, null, Base64.getEncoder().encodeToString(body));
    }
  }

  Answer outputs(HttpRequest http) {
    var job = http.job("id");
    var lease = control.leases().load(job).orElseThrow(() -> new Leases.UnknownJob(job));
    if (lease.state() != JobState.SUCCEEDED) {
      throw new ApiError(
          422,
          "not_succeeded",
          "finding the outputs of "
              + job
              + ": the job is "
              + lease.state().wireName()
              + "; outputs exist once it has succeeded");
    }
    return manifests.answer(
        BucketLayout.outputsManifest(job.value(), lease.epoch()), null, lease.epoch(), http);
  }
}
