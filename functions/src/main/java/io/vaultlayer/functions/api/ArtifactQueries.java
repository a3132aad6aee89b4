package io.vaultlayer.functions.api;

import io.vaultlayer.core.job.JobState;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.RecordCodec;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.retain.CheckpointId;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.functions.state.RetentionRows;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Json;
import io.vaultlayer.wire.Lists;
import io.vaultlayer.wire.Manifest;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** What lies in the bucket: logs, checkpoints, outputs. */
final class ArtifactQueries {
  /** Largest piece of a log that an agent ships. */
  static final int MOST_PIECE = 4 << 20;

  /** Output in one answer: API Gateway allows 10 MB, Lambda 6, and JSON escapes may double it. */
  static final int MOST_LOG_BYTES = 2 << 20;

  private static final Duration DOWNLOAD_LIFE = Duration.ofMinutes(30);
  private static final int USUAL_PIECES = 100;
  private final Platform platform;
  private final Control control;
  private final RetentionRows retention;

  ArtifactQueries(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.retention = new RetentionRows(platform);
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

  Answer checkpoints(HttpRequest http) {
    var job = http.job("id");
    var lease = control.leases().load(job).orElseThrow(() -> new Leases.UnknownJob(job));
    var rows = new TreeMap<String, Lists.Checkpoint>();
    for (var item : control.records().rows(job, "h#")) {
      var f = Fields.of(item.attributes());
      rows.put(
          item.key().sort().substring(2),
          new Lists.Checkpoint(
              f.number("step"),
              f.integer("epoch"),
              "held",
              f.text("reason"),
              f.maybeNumber("bytes").orElse(null),
              f.maybeInteger("files").orElse(null),
              null,
              null,
              null,
              null));
    }
    var bucket = platform.variable("BUCKET");
    var retained = retention.load(job).value();
    for (var pointer : commits(job, lease)) {
      rows.put(
          id(pointer),
          retained.isPruned(CheckpointId.of(pointer))
              ? row(pointer, "pruned", "not among those that are kept", bucket)
              : row(pointer, "committed", null, bucket));
    }
    for (var item : control.records().rows(job, "x#")) {
      var f = Fields.of(item.attributes());
      var pointer = RecordCodec.parsePointer(f);
      rows.put(
          id(pointer), row(pointer, "condemned", f.maybeText("reason").orElse("damaged"), bucket));
    }
    var sorted =
        rows.values().stream()
            .sorted(
                Comparator.comparingLong(Lists.Checkpoint::step)
                    .thenComparing(Lists.Checkpoint::epoch))
            .toList();
    return Answer.ok(new Lists.Checkpoints(sorted, null));
  }

  private static String id(Pointer p) {
    return "%08d#%012d".formatted(p.epoch(), p.step());
  }

  private static Lists.Checkpoint row(Pointer p, String status, String reason, String bucket) {
    var uri =
        "s3://"
            + bucket
            + "/"
            + p.manifestKey()
                .substring(0, p.manifestKey().length() - BucketLayout.MANIFEST.length());
    return new Lists.Checkpoint(
        p.step(),
        p.epoch(),
        status,
        reason,
        p.bytes(),
        p.files(),
        p.committedAt().toString(),
        uri,
        p.manifestKey(),
        p.manifestSha256());
  }

  /** Every commit record: the stored rows, and those that still stand only in the lease. */
  private List<Pointer> commits(
      io.vaultlayer.core.job.JobId job, io.vaultlayer.core.lease.Lease lease) {
    var all = new HashMap<String, Pointer>();
    control
        .records()
        .rows(job, "c#")
        .forEach(i -> {
          var p = RecordCodec.parsePointer(Fields.of(i.attributes()));
          all.put(id(p), p);
        });
    lease.pointer().ifPresent(p -> all.put(id(p), p));
    lease.earlier().forEach(p -> all.put(id(p), p));
    return List.copyOf(all.values());
  }

  /**
   * The files of one committed checkpoint with URLs to fetch them; {@code latest} is the pointer.
   */
  Answer checkpointFiles(HttpRequest http) {
    var job = http.job("id");
    var lease = control.leases().load(job).orElseThrow(() -> new Leases.UnknownJob(job));
    var wanted = http.path().getOrDefault("step", "");
    var condemned =
        control.records().rows(job, "x#").stream().map(i -> i.key().sort().substring(2)).toList();
    Optional<Pointer> found =
        wanted.equals("latest")
            ? lease.pointer()
            : commits(job, lease).stream()
                .filter(p -> Long.toString(p.step()).equals(wanted) && !condemned.contains(id(p)))
                .max(Comparator.comparingInt(Pointer::epoch));
    var pointer =
        found.orElseThrow(() ->
            new ApiError(
                404,
                "unknown_checkpoint",
                "finding the checkpoint of step "
                    + wanted
                    + " of "
                    + job
                    + ": there is none; `vl checkpoints` lists them"));
    if (retention.load(job).value().isPruned(CheckpointId.of(pointer))) {
      throw new ApiError(
          422,
          "checkpoint_pruned",
          "finding the checkpoint of step "
              + pointer.step()
              + " of "
              + job
              + ": it was pruned and its files are deleted; `vl checkpoints` lists those that are"
              + " kept");
    }
    return files(pointer.manifestKey(), pointer.step(), pointer.epoch(), http);
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
    return files(
        BucketLayout.outputsManifest(job.value(), lease.epoch()), null, lease.epoch(), http);
  }

  private Answer files(String manifestKey, Long step, int epoch, HttpRequest http) {
    var bucket = platform.bucket("BUCKET");
    var manifest = read(bucket, manifestKey);
    long from = http.number("after").orElse(0L);
    int limit = http.limit(HttpRequest.MOST_LIMIT);
    var files =
        manifest.files().stream().skip(from).limit(limit).map(f -> download(bucket, f)).toList();
    long end = from + files.size();
    return Answer.ok(
        new Lists.Downloads(
            step, epoch, files, end < manifest.files().size() ? Long.toString(end) : null));
  }

  private static Lists.Download download(Bucket bucket, Manifest.File f) {
    return new Lists.Download(
        f.path(),
        f.key(),
        f.bytes(),
        f.sha256(),
        bucket.presignGet(f.key(), DOWNLOAD_LIFE).toString());
  }

  private static Manifest read(Bucket bucket, String key) {
    var body =
        bucket
            .read(key, Manifest.MOST_BYTES)
            .orElseThrow(() ->
                new ApiError(
                    404,
                    "manifest_missing",
                    "reading " + key + ": the manifest is not in the bucket"));
    return Json.parse(new String(body, StandardCharsets.UTF_8), Manifest.class);
  }
}
