package io.vaultlayer.functions.api;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.lease.Fields;
import io.vaultlayer.core.lease.JournalEntry;
import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.functions.http.ApiError;
import io.vaultlayer.functions.http.HttpRequest;
import io.vaultlayer.functions.http.Routes.Answer;
import io.vaultlayer.functions.state.Control;
import io.vaultlayer.functions.state.Leases;
import io.vaultlayer.functions.state.NoteRow;
import io.vaultlayer.wire.Lists.DecisionRow;
import io.vaultlayer.wire.Lists.Decisions;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Why a job is where it is: its decisions in the order in which they were written, and between them
 * the reasons for doing nothing, each at the time at which it was said first.
 */
final class Explanation {
  /** Notes of one job that are shown; its first ones win. */
  private static final int MOST_NOTES = 5000;

  private static final int PAGE = 1000;

  /** Notes about the whole fleet that are looked at, the newest. */
  private static final int MOST_FLEET = 200;

  private final Control control;

  Explanation(Control control) {
    this.control = control;
  }

  Answer answer(HttpRequest http) {
    var job = http.job("id");
    var lease = control.leases().load(job).orElseThrow(() -> new Leases.UnknownJob(job));
    var cursor = http.text("after").map(Cursor::parse);
    var page = page(job, http.limit(HttpRequest.MOST_LIMIT), cursor.map(Cursor::rest));
    var decided = new ArrayList<DecisionRow>();
    page.items().forEach(item -> decided.add(row(Fields.of(item.attributes()))));
    if (page.next().isEmpty()) {
      unprojected(lease, page.items()).forEach(e -> decided.add(row(e)));
    }
    var from = cursor.map(Cursor::at).orElse(Instant.MIN);
    var last = decided.isEmpty() ? from : Instant.parse(decided.getLast().at());
    var until = page.next().isEmpty() ? Instant.MAX : last;
    var notes =
        notes(job, lease, decided).stream()
            .filter(n -> n.first().isAfter(from) && !n.first().isAfter(until))
            .toList();
    var state = cursor.map(Cursor::state).orElse("queued");
    var rows = merge(decided, notes, state);
    var next = page.next().map(n -> new Cursor(last, rows.getLast().state(), n).render());
    return Answer.ok(new Decisions(rows, next.orElse(null)));
  }

  private Page page(JobId job, int limit, Optional<String> from) {
    try {
      return control.records().decisions(job, limit, from);
    } catch (IllegalArgumentException e) {
      if (from.isEmpty()) {
        throw e;
      }
      throw Cursor.unusable();
    }
  }

  private static DecisionRow row(Fields f) {
    return new DecisionRow(
        f.text("at"),
        f.integer("epoch"),
        f.text("to"),
        f.text("event"),
        f.text("edge"),
        f.text("why"),
        f.texts("effects"),
        null,
        null);
  }

  private static DecisionRow row(JournalEntry e) {
    return new DecisionRow(
        e.at().toString(),
        e.epoch(),
        e.to().wireName(),
        e.edge().event(),
        e.edge().name(),
        e.reason(),
        e.effects(),
        null,
        null);
  }

  /** Decisions that still stand in the lease alone. */
  private static List<JournalEntry> unprojected(Lease lease, List<Item> stored) {
    long last =
        stored.isEmpty()
            ? 0
            : Long.parseLong(stored.getLast().key().sort().substring("d#".length()));
    return lease.journal().stream().filter(e -> e.sequence() > last).toList();
  }

  /**
   * The job's own notes, and those about everybody that overlap its life; by the time first said.
   */
  private List<NoteRow> notes(JobId job, Lease lease, List<DecisionRow> decided) {
    var all = new ArrayList<NoteRow>();
    Optional<String> from = Optional.empty();
    do {
      var page = control.notes().of(job, PAGE, from);
      page.items().forEach(i -> all.add(NoteRow.parse(i)));
      from = page.next();
    } while (from.isPresent() && all.size() < MOST_NOTES);
    var begun = control.records().spec(job).map(s -> s.submittedAt()).orElse(Instant.MIN);
    control.notes().toAll(MOST_FLEET).stream()
        .filter(n -> !n.last().isBefore(begun))
        .filter(n -> lease.endedAt().map(end -> !n.first().isAfter(end)).orElse(true))
        .map(n -> n.since(begun))
        .forEach(all::add);
    all.sort(Comparator.comparing(NoteRow::first));
    return all;
  }

  /** Decisions keep their own order; a note comes after every decision that is not younger. */
  private static List<DecisionRow> merge(
      List<DecisionRow> decided, List<NoteRow> notes, String stateBefore) {
    var rows = new ArrayList<DecisionRow>();
    var state = stateBefore;
    int told = 0;
    for (var decision : decided) {
      var at = Instant.parse(decision.at());
      while (told < notes.size() && notes.get(told).first().isBefore(at)) {
        rows.add(row(notes.get(told++), state));
      }
      rows.add(decision);
      state = decision.state();
    }
    while (told < notes.size()) {
      rows.add(row(notes.get(told++), state));
    }
    return rows;
  }

  private static DecisionRow row(NoteRow n, String state) {
    return new DecisionRow(
        n.first().toString(),
        n.epoch().orElse(null),
        state,
        null,
        null,
        n.code() + ": " + n.text(),
        List.of(),
        n.count(),
        n.last().toString());
  }

  /** Where the next page begins, and the state in which the job was then. */
  private record Cursor(Instant at, String state, String rest) {
    String render() {
      return at + "~" + state + "~" + rest;
    }

    static Cursor parse(String text) {
      var parts = text.split("~", 3);
      try {
        if (parts.length == 3) {
          return new Cursor(Instant.parse(parts[0]), parts[1], parts[2]);
        }
      } catch (DateTimeParseException e) {
        // told below
      }
      throw unusable();
    }

    static ApiError unusable() {
      return new ApiError(
          400,
          "malformed",
          "explaining: after is not the next of an earlier answer; give that as it came");
    }
  }
}
