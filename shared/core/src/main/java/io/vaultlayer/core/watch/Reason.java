package io.vaultlayer.core.watch;

import java.util.Locale;

/** Why a look at a lease ended as it did; each is told to the user and counted. */
public enum Reason {
  // ---- nothing is done
  /** No instance owns the job: the provisioner's sweep looks after it. */
  NOT_WATCHED("no instance owns the job now"),
  HEARD("its beats come in time"),
  BOOTING("its instance boots; it may still register"),
  /** More than {@link Lateness#LATE_BEATS} intervals without a beat, the lease still runs. */
  LATE("its beats are late; its lease still runs"),
  /** As {@link #LATE}; nothing but the lease can tell, because no list came. */
  LATE_UNLISTED("its beats are late, and its provider gave no complete list"),
  GRACE_RUNNING("silent, but its provider says running: the grace runs"),
  HELD_AWAY("silent, but the watchdog was away and has not watched for a full lease again"),
  HELD_BREAKER("silent like too many others: the fault is probably ours, nobody is fenced"),
  HELD_PROVIDER("silent like too many others there, and its provider gives no list either"),
  HELD_AFTER_BREAKER("silent, but the breaker closed less than a full lease ago"),
  HELD_RATE("silent, and the fences by silence that this tick may do are used up"),
  HELD_OPINION("silent, and its provider could not be asked about all in this tick"),
  /** It was told to with the ack of its last beat. */
  STALL_RESTARTING("alive without a step for too long: a restart in place was asked for"),
  /** A program that tells no steps: nobody is fenced for it. */
  COMMITS_STOPPED("its checkpoints came regularly, and none has come for long"),

  // ---- something is done
  /** The provider must be asked before anything is decided. */
  OPINION_OWED("silent, and the list does not show it: its provider is asked"),
  DEADLINE_POLICY("the deadline that the user set has passed"),
  LIST_GONE("its provider's complete list says gone"),
  LIST_STOPPED("its provider's complete list says stopped"),
  LIST_MISSING("its provider's complete list does not show it"),
  DRAIN_OVER("the time of the reclaim notice is over"),
  NEVER_REGISTERED("it did not register within its launch's limit"),
  SILENT_GONE("silent for its lease, and its provider says gone or stopped"),
  SILENT_UNKNOWN("silent for its lease, and its provider does not say"),
  SILENT_RUNNING("silent for its lease and the grace, although its provider says running"),
  SUSPICION("silent for its lease, but its provider says running: a grace begins"),
  STALL("alive, but its program has made no step for too long"),
  STALL_STANDS("no step for too long, and the restart in place has not happened in time"),
  STALL_AGAIN("no step for too long once more after a restart in place: another machine is tried"),
  CLOCK_AHEAD("its stored deadline lies further ahead than a lease: a clock was wrong");

  private final String meaning;

  Reason(String meaning) {
    this.meaning = meaning;
  }

  /** One line for the user. */
  public String meaning() {
    return meaning;
  }

  /** The stable code on the wire. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }
}
