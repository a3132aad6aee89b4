package io.vaultlayer.functions.api;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.Pointer;
import io.vaultlayer.core.lease.RecordCodec;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.retain.CheckpointId;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.JobRecords;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.functions.state.RetentionRows;
import io.vaultlayer.wire.BucketLayout;
import io.vaultlayer.wire.Lists;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** A job's checkpoints: what became of each, and their files. */
final class CheckpointQueries {
  private final Platform platform;
  private final Control control;
  private final RetentionRows retention;
  private final ManifestFiles manifests;

  CheckpointQueries(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
    this.retention = new RetentionRows(platform);
    this.manifests = new ManifestFiles(platform);
  }

  /**
   * In the order of epoch and step from page to page, within one by step; {@code after} is the
   * {@code next} of the answer before. Of a history beyond {@link JobRecords#MOST_HISTORY} rows of
   * a kind, the newest.
   */
  Answer list(HttpRequest http) {
    var job = http.job("id");
    var lease = control.leases().load(job).orElseThrow(() -> new Leases.UnknownJob(job));
    var rows = new TreeMap<String, Lists.Checkpoint>();
    for (var item : newest(job, "h#")) {
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
    for (var item : newest(job, "x#")) {
      var f = Fields.of(item.attributes());
      var pointer = RecordCodec.parsePointer(f);
      rows.put(
          id(pointer), row(pointer, "condemned", f.maybeText("reason").orElse("damaged"), bucket));
    }
    return page(rows, http);
  }

  private static Answer page(TreeMap<String, Lists.Checkpoint> rows, HttpRequest http) {
    var asked = http.text("after").map(CheckpointQueries::cursor);
    var rest = asked.isEmpty() ? rows : rows.tailMap(asked.get(), false);
    int limit = http.limit(HttpRequest.MOST_LIMIT);
    var ids = rest.keySet().stream().limit(limit).toList();
    var page =
        ids.stream()
            .map(rest::get)
            .sorted(
                Comparator.comparingLong(Lists.Checkpoint::step)
                    .thenComparing(Lists.Checkpoint::epoch))
            .toList();
    var next = ids.size() < rest.size() ? ids.getLast().replace('#', '-') : null;
    return Answer.ok(new Lists.Checkpoints(page, next));
  }

  private static String cursor(String after) {
    if (!after.matches("\\d{8}-\\d{12}")) {
      throw new ApiError(
          400,
          "malformed",
          "listing checkpoints: after is the next of an earlier answer, such as"
              + " 00000001-000000000500");
    }
    return after.replace('-', '#');
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

  private List<Item> newest(JobId job, String kind) {
    return control.records().history(job, kind, true).items();
  }

  /** Every commit record: the stored rows, and those that still stand only in the lease. */
  private List<Pointer> commits(JobId job, Lease lease) {
    var all = new HashMap<String, Pointer>();
    newest(job, "c#")
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
  Answer files(HttpRequest http) {
    var job = http.job("id");
    var lease = control.leases().load(job).orElseThrow(() -> new Leases.UnknownJob(job));
    var wanted = http.path().getOrDefault("step", "");
    var condemned = newest(job, "x#").stream().map(i -> i.key().sort().substring(2)).toList();
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
    return manifests.answer(pointer.manifestKey(), pointer.step(), pointer.epoch(), http);
  }
}
