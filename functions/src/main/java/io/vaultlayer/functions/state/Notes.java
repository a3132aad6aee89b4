package io.vaultlayer.functions.state;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.Expect;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import io.vaultlayer.functions.Platform;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reasons for doing nothing, for {@code vl explain}. One row for each job, epoch and code ({@code
 * n#<epoch>#<code>}), however often it is said: written when it is new, then at the second, fourth,
 * eighth.. time and otherwise once a minute at most. A note decides nothing, so one that cannot be
 * written is dropped and the caller goes on; its count is the least that is known.
 *
 * <p>Never say anything on the way of a beat that is accepted: each note may cost one read.
 */
public final class Notes {
  /** Partition of the notes about the whole fleet. */
  static final String FLEET = "fleet";

  /** Fleet notes are kept so long; a job that ran longer ago explains itself without them. */
  static final Duration FLEET_LIFE = Duration.ofDays(30);

  /**
   * A note that stands is written anew so often; shorter costs money, longer shows a stale last.
   */
  static final Duration PAUSE = Duration.ofMinutes(1);

  static final int MOST_TEXT = 500;

  /** What one process remembers of its own notes; forgetting one costs a read. */
  private static final int MOST_KNOWN = 4096;

  private static final Pattern CODE = Pattern.compile("[a-z][a-z0-9_]{1,39}");

  private final Store store;
  private final String table;
  private final InstantSource clock;
  private final DecisionLog log;

  /**
   * Each access is safe by itself; between two of them others may pass, at the cost of a count. No
   * lock is held while the store is asked.
   */
  private final Map<Key, Known> known =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Key, Known> eldest) {
              return size() > MOST_KNOWN;
            }
          });

  /** Of one note: how often it was said in all, and how often since the row was written last. */
  private record Known(long count, long unwritten, Instant writtenAt) {}

  Notes(Platform platform, DecisionLog log) {
    this.store = platform.store();
    this.table = platform.variable("JOBS_TABLE");
    this.clock = platform.clock();
    this.log = log;
  }

  /**
   * Says why nothing was done for this job in this epoch.
   *
   * @param code stable, in lower case with underscores; at most 40 characters
   * @param text for people, without secrets; cut after {@value #MOST_TEXT} characters
   */
  public void say(JobId job, int epoch, String code, String text) {
    check(code);
    var key = new Key(job.value(), "n#%08d#%s".formatted(epoch, code));
    say(key, NoteRow.fresh(Optional.of(epoch), code, clock.instant()), text, Optional.empty());
  }

  /**
   * Says what holds everybody up; it is shown in the explanation of each job that it overlaps.
   *
   * @param since when this episode began; one row for each code and episode
   */
  public void sayToAll(String code, Instant since, String text) {
    check(code);
    var key = new Key(FLEET, "n#%015d#%s".formatted(since.toEpochMilli(), code));
    var fresh = NoteRow.fresh(Optional.empty(), code, since);
    say(key, fresh, text, Optional.of(clock.instant().plus(FLEET_LIFE)));
  }

  /** One job's notes, oldest epoch first. */
  public Page of(JobId job, int limit, Optional<String> from) {
    return store.query(table, job.value(), "n#", false, limit, from);
  }

  /** The newest notes about the whole fleet, newest first. */
  public List<NoteRow> toAll(int limit) {
    return store.query(table, FLEET, "n#", true, limit, Optional.empty()).items().stream()
        .map(NoteRow::parse)
        .toList();
  }

  private void say(Key key, NoteRow fresh, String text, Optional<Instant> expiresAt) {
    var now = clock.instant();
    var before = known.get(key);
    if (before != null && !isDue(before.count() + 1, before.writtenAt(), now)) {
      known.put(key, new Known(before.count() + 1, before.unwritten() + 1, before.writtenAt()));
      return;
    }
    try {
      write(
          key, fresh, shortened(text), expiresAt, now, before == null ? 1 : before.unwritten() + 1);
    } catch (StoreUnavailable e) {
      known.remove(key);
      log.note("note lost", key.partition(), fresh.code() + ": " + e.getMessage());
    }
  }

  private void write(
      Key key, NoteRow fresh, String text, Optional<Instant> expiresAt, Instant now, long times) {
    var stored = store.get(table, key);
    var row = stored.map(NoteRow::parse).orElse(fresh);
    if (stored.isPresent() && !isDue(row.count() + times, row.last(), now)) {
      known.put(key, new Known(row.count() + times, times, row.last()));
      return;
    }
    var next = row.again(now, times, text);
    var expect = stored.map(i -> Expect.version(i.version())).orElse(Expect.absent());
    var put = new Write.Put(table, key, expect, next.attributes(expiresAt), Optional.empty());
    if (store.write(List.of(put)) instanceof WriteResult.Applied) {
      known.put(key, new Known(next.count(), 0, now));
      log.verdict(key.partition(), next);
    } else {
      known.put(key, new Known(row.count() + times, times, now));
    }
  }

  private static boolean isDue(long count, Instant writtenAt, Instant now) {
    return Long.bitCount(count) == 1 || !now.isBefore(writtenAt.plus(PAUSE));
  }

  private static String shortened(String text) {
    return text.length() <= MOST_TEXT ? text : text.substring(0, MOST_TEXT - 1) + "…";
  }

  private static void check(String code) {
    if (!CODE.matcher(code).matches()) {
      throw new IllegalArgumentException("a note's code is " + CODE + ", not " + code);
    }
  }
}
