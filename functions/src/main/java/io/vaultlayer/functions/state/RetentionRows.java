package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.core.retain.CheckpointId;
import io.vaultlayer.core.retain.Retained;
import io.vaultlayer.core.retain.Retained.Kept;
import io.vaultlayer.functions.Platform;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The row {@code retention} of a job: what was decided about its checkpoints. */
public final class RetentionRows {
  private static final String SORT = "retention";

  private final Store store;
  private final String table;

  public RetentionRows(Platform platform) {
    this.store = platform.store();
    this.table = platform.variable("JOBS_TABLE");
  }

  /**
   * What is stored, and the item that holds it; none before the first decision.
   *
   * @param from where the commit records begin that were not decided about
   */
  public record Stored(Optional<Item> item, Retained value, Optional<String> from) {}

  public Stored load(JobId job) {
    var item = store.get(table, new Key(job.value(), SORT));
    return new Stored(
        item,
        item.map(i -> parse(i.attributes())).orElse(Retained.NOTHING),
        item.flatMap(i -> Fields.of(i.attributes()).maybeText("from")));
  }

  /** Writes over what was loaded; empty when somebody else was faster. */
  public Optional<Stored> replace(JobId job, Stored old, Retained next) {
    return replace(job, old, next, old.from());
  }

  /** As above, with another begin of what was not decided about. */
  public Optional<Stored> replace(JobId job, Stored old, Retained next, Optional<String> from) {
    var expect = old.item().map(i -> Expect.version(i.version())).orElseGet(Expect::absent);
    var put =
        new Write.Put(
            table, new Key(job.value(), SORT), expect, attributes(next, from), Optional.empty());
    return store.write(List.of(put)) instanceof WriteResult.Applied
        ? Optional.of(load(job)).filter(s -> s.value().equals(next))
        : Optional.empty();
  }

  static Map<String, Object> attributes(Retained r, Optional<String> from) {
    return Fields.fresh()
        .put("upTo", r.upTo(), CheckpointId::toString)
        .put("count", r.count())
        .put("stride", (long) r.stride())
        .put("kept", r.kept().stream().map(k -> k.ordinal() + ":" + k.id()).toList())
        .put("doomed", r.doomed().stream().map(CheckpointId::toString).toList())
        .put("swept", (long) r.swept())
        .put("sweptAt", r.sweptAt(), s -> s)
        .put("from", from, s -> s)
        .map();
  }

  public static Retained parse(Map<String, Object> attributes) {
    var f = Fields.of(attributes);
    return new Retained(
        f.maybeText("upTo").map(CheckpointId::parse),
        f.number("count"),
        f.integer("stride"),
        f.texts("kept").stream().map(RetentionRows::kept).toList(),
        f.texts("doomed").stream().map(CheckpointId::parse).toList(),
        f.integer("swept"),
        f.maybeText("sweptAt"));
  }

  private static Kept kept(String text) {
    int colon = text.indexOf(':');
    return new Kept(
        Long.parseLong(text.substring(0, colon)), CheckpointId.parse(text.substring(colon + 1)));
  }
}
