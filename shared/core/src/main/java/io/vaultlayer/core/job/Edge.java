package io.vaultlayer.core.job;

/**
 * Every accepted move of the job machine by name. {@code docs/job-lifecycle.md} is generated from
 * these.
 */
public enum Edge {
  ARMED("Start", "the work directory arrived; the job is due"),
  CLAIMED("Claim", "a provisioner may place the job until its claim ends"),
  CLAIM_TAKEN_OVER("Claim", "the last claim ran out; another provisioner goes on where it stopped"),
  INTENDED("Intend", "a launch is recorded before its create call"),
  LAUNCHED("Launched", "the instance exists and boots"),
  LAUNCH_CLOSED("Unplaced", "a launch made nothing; the job waits"),
  NO_PLACE("Unplaced", "no offer; the job waits with backoff"),
  FUNDED("Fund", "more money is reserved for a launch"),
  GAVE_UP_WAITING("Unplaced", "no place was found in the time allowed"),
  REGISTERED("Register", "a launch is bound to the epoch and takes the pointer"),
  BOOT_BEAT("Heartbeat", "the attempt boots"),
  PROGRAM_STARTED("Heartbeat", "the user's program runs"),
  BEAT("Heartbeat", "the lease is extended; a suspicion is withdrawn"),
  SUSPECTED("Suspect", "silent, but the provider says running: a grace is stored"),
  EXTENDED("Extend", "the fault is probably ours: the deadline moves"),
  STALLED("Stall", "alive, but no step for too long: a restart in place is asked for"),
  DRAINING("Reclaim", "a reclaim notice came; the attempt saves"),
  SUCCESSOR_DECLARED("PrepareSuccessor", "the next instance boots while this one drains"),
  SUCCESSOR_CLOSED("Unplaced", "the successor came to nothing; another may be declared"),
  NO_SUCCESSOR("Unplaced", "no place for a successor now; looked for again while it drains"),
  COMMITTED("Commit", "the pointer moves to a verified checkpoint"),
  DID_NOT_RESUME("Commit", "refused: the step is behind the pointer that this attempt was given"),
  CONDEMNED("Condemn", "the pointer was damaged; the commit before it takes its place"),
  FENCED("Fence", "the epoch is over; the next one is due"),
  FENCED_NO_FAILOVER("Fence", "the only attempt allowed is over"),
  FENCED_NO_PROGRESS("Fence", "three attempts in a row committed nothing new"),
  FENCED_MAX_ATTEMPTS("Fence", "the attempts allowed are used up"),
  FENCED_NEVER_STARTED("Fence", "too many launches in a row never started the program"),
  RESTARTED_IN_PLACE(
      "NextEpoch", "the process was lost, the host is sound: the next epoch starts there"),
  LOST("Exit", "the attempt reports its own loss; the next epoch is due"),
  ENDED_NO_FAILOVER("NextEpoch, Exit", "the only attempt allowed reports its loss"),
  ENDED_NO_PROGRESS("NextEpoch, Exit", "three attempts in a row committed nothing new"),
  ENDED_MAX_ATTEMPTS("NextEpoch, Exit", "the attempts allowed are used up"),
  ENDED_NEVER_STARTED("NextEpoch, Exit", "too many attempts in a row never started the program"),
  SUCCEEDED(
      "Exit", "the program ended by itself with 0, its last checkpoint and outputs are stored"),
  FAILED("Exit", "the user's program failed"),
  CANCELLED("Cancel", "the user cancelled; the last checkpoint is kept"),
  STOPPED("Stop", "budget or deadline policy ended the job"),
  RESUMED("Resume", "an ended job goes on in a new epoch"),
  SALVAGED("Salvage", "a complete checkpoint of the closed epoch is adopted"),
  SETTLED("Settle", "the projections are stored; nothing is owed");

  private final String event;
  private final String meaning;

  Edge(String event, String meaning) {
    this.event = event;
    this.meaning = meaning;
  }

  /** The event, or events, that can take this edge. */
  public String event() {
    return event;
  }

  public String meaning() {
    return meaning;
  }
}
