package io.vaultlayer.agent.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Everything that was started on behalf of one instance, however it tried to get away: descendants
 * of this process (orphans come back to it), members of their sessions, whoever carries the
 * instance's marker in its environment, and whoever writes its output where the instance's output
 * is kept. This process and those above it are never part of it.
 */
public final class ProcessTree {
  /** Name of the environment variable that every process of an instance carries. */
  public static final String MARKER = "VAULTLAYER_INSTANCE";

  /** Rounds of looking again. A tree that still grows after so many is left to the next call. */
  private static final int MOST_ROUNDS = 200;

  private static final int PATIENT_ROUNDS = 20;

  private final String marker;
  private final Path outputs;
  private final int self;

  /** Started here by an agent before this one: their sessions are ours. */
  private final List<Child> earlier = new CopyOnWriteArrayList<>();

  /**
   * @param outputs directory below which nobody but this instance's processes has its output: it
   *     tells of one that was started by an agent which was killed before it could note that, and
   *     has cleared its environment since
   */
  public ProcessTree(String label, Path outputs) {
    this.marker = MARKER + "=" + label;
    this.outputs = real(outputs);
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
    Set<Integer> descendants = descendants(rows);
    Set<Integer> sessions = sessions(byPid, descendants);
    return rows.stream()
        .filter(row -> row.pid() != self && !above.contains(row.pid()))
        .filter(row ->
            descendants.contains(row.pid())
                || sessions.contains(row.session())
                || !row.zombie()
                    && (ProcessTable.carries(row.pid(), marker)
                        || ProcessTable.writesBelow(row.pid(), outputs)))
        .filter(this::lives)
        .map(ProcessTable.Row::pid)
        .toList();
  }

  /** As the kernel names it; what is not there yet is named as it will be. */
  private static Path real(Path directory) {
    try {
      return directory.toRealPath();
    } catch (IOException e) {
      Path parent = directory.toAbsolutePath().getParent();
      return parent == null ? directory : real(parent).resolve(directory.getFileName());
    }
  }

  private Set<Integer> descendants(List<ProcessTable.Row> rows) {
    var children = new HashMap<Integer, List<Integer>>();
    rows.forEach(
        row -> children.computeIfAbsent(row.parent(), _ -> new ArrayList<>()).add(row.pid()));
    var found = new HashSet<Integer>();
    var toLookAt = new ArrayDeque<Integer>();
    toLookAt.add(self);
    while (!toLookAt.isEmpty()) {
      for (int child : children.getOrDefault(toLookAt.remove(), List.of())) {
        if (found.add(child)) {
          toLookAt.add(child);
        }
      }
    }
    return found;
  }

  private Set<Integer> sessions(Map<Integer, ProcessTable.Row> byPid, Set<Integer> descendants) {
    var sessions = new HashSet<Integer>();
    for (int pid : descendants) {
      sessions.add(byPid.get(pid).session());
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
    return sessions;
  }

  private boolean lives(ProcessTable.Row row) {
    if (row.zombie() && row.parent() == self) {
      Child.bury(row.pid());
    }
    return !row.zombie();
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
