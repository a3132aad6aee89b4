package io.vaultlayer.agent.host;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Everything that was started on behalf of one instance, however it tried to get away: descendants
 * of this process (orphans come back to it), members of their sessions, and whoever carries the
 * instance's marker in its environment. This process and those above it are never part of it.
 */
public final class ProcessTree {
  /** Name of the environment variable that every process of an instance carries. */
  public static final String MARKER = "VAULTLAYER_INSTANCE";

  /** Rounds of looking again. A tree that still grows after so many is left to the next call. */
  private static final int MOST_ROUNDS = 200;

  private static final int PATIENT_ROUNDS = 20;

  private final String marker;
  private final int self;

  /** Started here by an agent before this one: their sessions are ours. */
  private final List<Child> earlier = new CopyOnWriteArrayList<>();

  public ProcessTree(String label) {
    this.marker = MARKER + "=" + label;
    this.self = (int) ProcessHandle.current().pid();
  }

  /** To be called once, before anything is started. */
  public void adoptOrphans() {
    Libc.adoptOrphans();
  }

  /** Counts the session of a process that an earlier agent of this instance had started. */
  public void include(Child child) {
    earlier.add(child);
  }

  /** Kills all of it and whatever it starts meanwhile. @return whether nothing is left */
  public boolean kill() {
    for (int round = 0; round < MOST_ROUNDS; round++) {
      List<Integer> members = members();
      if (members.isEmpty()) {
        return true;
      }
      members.forEach(pid -> Libc.kill(pid, Libc.SIGKILL));
      pause(round < PATIENT_ROUNDS ? 2 : 25);
    }
    return members().isEmpty();
  }

  /** Stops all of it where it stands, until no member is found that was not stopped. */
  public void freeze() {
    var stopped = new HashSet<Integer>();
    for (int round = 0; round < MOST_ROUNDS; round++) {
      List<Integer> fresh = members().stream().filter(stopped::add).toList();
      if (fresh.isEmpty()) {
        return;
      }
      fresh.forEach(pid -> Libc.kill(pid, Libc.SIGSTOP));
    }
  }

  public void thaw() {
    members().forEach(pid -> Libc.kill(pid, Libc.SIGCONT));
  }

  /** The living members. Ended children that came to us as orphans are taken off the table. */
  public List<Integer> members() {
    List<ProcessTable.Row> rows = ProcessTable.read();
    var byPid = new HashMap<Integer, ProcessTable.Row>();
    rows.forEach(row -> byPid.put(row.pid(), row));
    Set<Integer> above = above(byPid);
    var descendants = new HashMap<Integer, Boolean>();
    var sessions = new HashSet<Integer>();
    for (ProcessTable.Row row : rows) {
      if (descends(row, byPid, descendants)) {
        sessions.add(row.session());
      }
    }
    for (Child child : earlier) {
      // The number may have been given to a stranger since; his start is later than the child's.
      ProcessTable.Row leader = byPid.get(child.pid());
      if (leader == null || leader.start() == child.start()) {
        sessions.add(child.pid());
      }
    }
    ProcessTable.Row own = byPid.get(self);
    if (own != null) {
      sessions.remove(own.session());
    }
    return rows.stream()
        .filter(row -> row.pid() != self && !above.contains(row.pid()))
        .filter(row ->
            descendants.getOrDefault(row.pid(), false)
                || sessions.contains(row.session())
                || !row.zombie() && ProcessTable.carries(row.pid(), marker))
        .filter(this::lives)
        .map(ProcessTable.Row::pid)
        .toList();
  }

  private boolean lives(ProcessTable.Row row) {
    if (row.zombie() && row.parent() == self) {
      Child.bury(row.pid());
    }
    return !row.zombie();
  }

  private boolean descends(
      ProcessTable.Row row, Map<Integer, ProcessTable.Row> byPid, Map<Integer, Boolean> known) {
    Boolean answer = known.get(row.pid());
    if (answer == null) {
      known.put(row.pid(), false);
      ProcessTable.Row parent = byPid.get(row.parent());
      answer =
          row.parent() == self
              || parent != null && row.pid() != self && descends(parent, byPid, known);
      known.put(row.pid(), answer);
    }
    return answer;
  }

  private Set<Integer> above(Map<Integer, ProcessTable.Row> byPid) {
    var above = new HashSet<Integer>();
    ProcessTable.Row row = byPid.get(self);
    while (row != null && above.add(row.parent())) {
      row = byPid.get(row.parent());
    }
    return above;
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      // Killing is not to be cut short; the flag is kept for the caller.
      Thread.currentThread().interrupt();
      Thread.onSpinWait();
    }
  }
}
