package io.vaultlayer.functions.state;

import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.port.Item;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A reason for doing nothing, as it is stored: said first at {@code first}, {@code count} times at
 * least until {@code last}, most recently in the words of {@code text}.
 *
 * @param epoch of the job it is about; empty for a note about the whole fleet
 * @param code stable, lower case (docs/explain.md lists them)
 */
public record NoteRow(
    Optional<Integer> epoch, String code, Instant first, Instant last, long count, String text) {

  static NoteRow fresh(Optional<Integer> epoch, String code, Instant first) {
    return new NoteRow(epoch, code, first, first, 0, "");
  }

  NoteRow again(Instant at, long times, String words) {
    return new NoteRow(
        epoch, code, first, at.isAfter(last) ? at : last, Math.addExact(count, times), words);
  }

  /** The same, shown to somebody who came later. */
  public NoteRow since(Instant later) {
    return later.isAfter(first) ? new NoteRow(epoch, code, later, last, count, text) : this;
  }

  Map<String, Object> attributes(Optional<Instant> expiresAt) {
    return Fields.fresh()
        .put("epoch", epoch, Integer::longValue)
        .put("code", code)
        .put("first", first.toString())
        .put("last", last.toString())
        .put("count", count)
        .put("text", text)
        .put("expiresAt", expiresAt, Instant::getEpochSecond)
        .map();
  }

  public static NoteRow parse(Item item) {
    var f = Fields.of(item.attributes());
    return new NoteRow(
        f.maybeInteger("epoch"),
        f.text("code"),
        f.time("first"),
        f.time("last"),
        f.number("count"),
        f.text("text"));
  }
}
