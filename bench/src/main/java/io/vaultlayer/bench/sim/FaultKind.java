package io.vaultlayer.bench.sim;

import java.util.Locale;

/**
 * The fault menu. A fault of a window acts on everything that passes its port meanwhile, each time
 * with the fault's strength as its probability; a fault of a moment happens once.
 */
public enum FaultKind {
  // between hosts or users and our door
  HTTP_REQUEST_LOST(Span.WINDOW, 20, 240),
  HTTP_ANSWER_LOST(Span.WINDOW, 20, 240),
  HTTP_DELAYED(Span.WINDOW, 20, 240),
  HTTP_REORDERED(Span.WINDOW, 20, 240),
  HTTP_DUPLICATED(Span.WINDOW, 20, 300),
  // bus and queues
  EVENT_LOST(Span.WINDOW, 60, 600),
  EVENT_DUPLICATED(Span.WINDOW, 60, 600),
  EVENT_DELAYED(Span.WINDOW, 60, 600),
  MESSAGE_LOST(Span.WINDOW, 30, 600),
  MESSAGE_DUPLICATED(Span.WINDOW, 30, 600),
  MESSAGE_DELAYED(Span.WINDOW, 30, 600),
  SEND_FAILS(Span.WINDOW, 10, 120),
  // store
  STORE_UNAVAILABLE(Span.WINDOW, 5, 90),
  STORE_ANSWER_LOST(Span.WINDOW, 20, 300),
  STORE_THROTTLED(Span.WINDOW, 20, 120),
  STORE_STALE(Span.WINDOW, 60, 900),
  // bucket
  BUCKET_UNAVAILABLE(Span.WINDOW, 5, 120),
  BUCKET_ANSWER_LOST(Span.WINDOW, 30, 300),
  CHECKPOINT_DAMAGED(Span.MOMENT, 0, 0),
  // providers
  NO_CAPACITY(Span.WINDOW, 60, 900),
  CREATE_REFUSED(Span.WINDOW, 60, 600),
  CREATE_LOST_MADE(Span.WINDOW, 120, 1800),
  CREATE_LOST_NOT_MADE(Span.WINDOW, 120, 1800),
  CREATE_LATE(Span.WINDOW, 120, 1800),
  LIST_FAILS(Span.WINDOW, 30, 600),
  LIST_PARTIAL(Span.WINDOW, 60, 1200),
  LATE_VISIBLE(Span.WINDOW, 300, 1800),
  LIST_SHOWS_GHOSTS(Span.WINDOW, 60, 600),
  LIST_HIDES_LIVING(Span.WINDOW, 20, 120),
  DESCRIBE_LIES(Span.WINDOW, 60, 900),
  TERMINATE_FAILS(Span.WINDOW, 60, 600),
  TERMINATE_IGNORED(Span.WINDOW, 60, 900),
  TERMINATE_SLOW(Span.WINDOW, 60, 900),
  INSTANCE_VANISHES(Span.MOMENT, 0, 0),
  INSTANCE_STOPS(Span.MOMENT, 0, 0),
  NEVER_BOOTS(Span.WINDOW, 120, 1200),
  // hosts
  HOST_PAUSED(Span.MOMENT, 10, 900),
  HOST_SUSPENDED(Span.MOMENT, 10, 600),
  HOST_PARTITIONED(Span.MOMENT, 10, 600),
  AGENT_RESTARTED(Span.MOMENT, 0, 0),
  PROCESS_KILLED(Span.MOMENT, 0, 0),
  TRAINING_STALLS(Span.MOMENT, 60, 3000),
  HOST_UNHEALTHY(Span.MOMENT, 0, 0),
  RECLAIM_NOTICE(Span.MOMENT, 20, 120),
  TOKEN_COPIED(Span.MOMENT, 0, 0),
  MISCHIEF(Span.MOMENT, 60, 1200),
  // our side
  HANDLER_CRASHES(Span.WINDOW, 30, 300),
  /** Not by chance at each call, but at drawn calls: seldom ones are met as often as others. */
  HANDLER_CRASHES_AT(Span.WINDOW, 2400, 5400),
  HANDLERS_SLOW(Span.WINDOW, 120, 2400),
  TICKS_STOP(Span.WINDOW, 60, 600),
  PLANE_AWAY(Span.WINDOW, 30, 600),
  INGRESS_OUT(Span.WINDOW, 10, 600),
  CLOCK_STEPS(Span.WINDOW, 60, 3600),
  /** Machines that answer beats have a clock that is minutes ahead. */
  CLOCK_FAR_AHEAD(Span.WINDOW, 30, 300),
  // people
  USER_CANCELS(Span.MOMENT, 0, 0),
  USER_RESUMES(Span.MOMENT, 0, 0),
  USER_KILLS_INSTANCE(Span.MOMENT, 0, 0),
  USER_SUBMITS_AGAIN(Span.MOMENT, 0, 0);

  enum Span {
    WINDOW,
    MOMENT
  }

  private final String wireName = name().toLowerCase(Locale.ROOT);
  private final Span span;
  private final int leastSeconds;
  private final int mostSeconds;

  FaultKind(Span span, int leastSeconds, int mostSeconds) {
    this.span = span;
    this.leastSeconds = leastSeconds;
    this.mostSeconds = mostSeconds;
  }

  Span span() {
    return span;
  }

  int leastSeconds() {
    return leastSeconds;
  }

  int mostSeconds() {
    return mostSeconds;
  }

  /** Its port is called so seldom that a weak fault would never act. */
  boolean isRare() {
    return switch (this) {
      case NO_CAPACITY,
          CREATE_REFUSED,
          CREATE_LOST_MADE,
          CREATE_LOST_NOT_MADE,
          CREATE_LATE,
          NEVER_BOOTS,
          LATE_VISIBLE,
          LIST_HIDES_LIVING,
          LIST_SHOWS_GHOSTS,
          DESCRIBE_LIES,
          TERMINATE_FAILS,
          TERMINATE_IGNORED,
          TERMINATE_SLOW,
          BUCKET_ANSWER_LOST,
          BUCKET_UNAVAILABLE,
          EVENT_DUPLICATED,
          MESSAGE_DUPLICATED ->
          true;
      default -> false;
    };
  }

  public String wireName() {
    return wireName;
  }
}
