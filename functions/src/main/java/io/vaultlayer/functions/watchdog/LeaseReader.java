package io.vaultlayer.functions.watchdog;

import io.vaultlayer.core.lease.Lease;
import io.vaultlayer.core.lease.LeaseCodec;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.StoreUnavailable;
import io.vaultlayer.core.watch.Round;
import io.vaultlayer.core.watch.Round.Position;
import io.vaultlayer.functions.Platform;
import io.vaultlayer.functions.http.Crash;
import io.vaultlayer.functions.state.Control;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * Reads the lease table in parallel segments, as far as this tick's time and its number of rows
 * allow, from where the last tick stopped.
 */
final class LeaseReader {
  private static final int PAGE = 1000;

  /** A tick that holds more leases than this in memory would not end in its time anyway. */
  private static final int MOST_ROWS = 200_000;

  /** Each segment stops by itself; this only bounds a store that does not answer at all. */
  private static final Duration NO_ANSWER = Duration.ofSeconds(10);

  private final Platform platform;
  private final Control control;

  LeaseReader(Platform platform, Control control) {
    this.platform = platform;
    this.control = control;
  }

  /**
   * @param leases those that have a deadline of any kind to be watched
   * @param whole this tick alone read the table from beginning to end
   */
  record Read(List<Lease> leases, Round round, boolean whole) {}

  private record Segment(List<Lease> leases, Position position, long rows) {}

  Read read(Round stored, TickTime time) {
    var round = stored.next();
    boolean fresh = round.segments().stream().allMatch(Position.Beginning.class::isInstance);
    int count = round.segments().size();
    var work = new ArrayList<Callable<Segment>>();
    for (int i = 0; i < count; i++) {
      int segment = i;
      work.add(() -> segment(segment, count, round.segments().get(segment), time));
    }
    var leases = new ArrayList<Lease>();
    var positions = new ArrayList<Position>();
    long rows = round.rows();
    var answers = platform.parallel(work, NO_ANSWER);
    for (int i = 0; i < count; i++) {
      var before = round.segments().get(i);
      var segment = answers.get(i).orElse(new Segment(List.of(), before, 0));
      leases.addAll(segment.leases());
      positions.add(segment.position());
      rows += segment.rows();
    }
    var reached = new Round(positions, rows);
    return new Read(leases, reached, fresh && reached.isDone());
  }

  private Segment segment(int segment, int count, Position start, TickTime time) {
    var leases = new ArrayList<Lease>();
    var position = start;
    long rows = 0;
    try {
      // A segment gets one page in any case: a tick that read nothing would be none.
      while (!(position instanceof Position.End)
          && (rows == 0 || !time.isOver(time.readUntil()))
          && rows < MOST_ROWS / count) {
        var page = control.leases().scan(segment, count, PAGE, Round.from(position));
        page.items().forEach(item -> parse(item).ifPresent(leases::add));
        rows += page.items().size();
        position = page.next().<Position>map(Position.Behind::new).orElse(new Position.End());
      }
    } catch (StoreUnavailable | IllegalArgumentException e) {
      control.log().note("segment not read", "leases", Crash.describe(e));
      // Where the very first page fails, the stored position may be what the store refuses.
      position = rows == 0 ? new Position.Beginning() : position;
    }
    return new Segment(leases, position, rows);
  }

  private Optional<Lease> parse(Item item) {
    try {
      return Optional.of(LeaseCodec.parse(item)).filter(LeaseReader::isWatched);
    } catch (RuntimeException e) {
      control.log().note("alarm", item.key().partition(), "unreadable lease: " + Crash.describe(e));
      return Optional.empty();
    }
  }

  private static boolean isWatched(Lease lease) {
    return lease.state().isWatched()
        || !lease.state().isFinal() && lease.policy().deadline().isPresent();
  }
}
