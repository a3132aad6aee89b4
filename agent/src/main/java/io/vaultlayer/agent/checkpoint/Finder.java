package io.vaultlayer.agent.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * Looks at the kept directory, again and again, and says what has become complete since. Scripts
 * whose names state a step make one checkpoint of each step. For the others the whole directory is
 * one checkpoint, since only the script knows which of its files belong together.
 */
final class Finder {
  /** How the writing side stands. */
  enum Phase {
    RUNNING,
    ENDED_WELL,
    ENDED_BADLY
  }

  private static final int MOST_TOPS = 10_000;

  /** Steps looked at in one go, newest first; a script that keeps more has no rotation. */
  private static final int MOST_STEPS = 16;

  /** Name of the one candidate of a script whose names state no steps. */
  private static final String WHOLE = "";

  /** Silence is made of at least so many looks that saw no change. */
  private static final int LEAST_LOOKS = 4;

  private final Path kept;
  private final Writers writers;
  private final long quietNanos;

  /** A file that was renamed may be the first of several of its step: wait for the others. */
  private final long siblingNanos;

  private final Map<String, Sight> sights = new HashMap<>();
  private Set<String> unmarked = new HashSet<>();
  private boolean numbered;
  private int usualTops = 1;
  private boolean waiting;
  private int filesSeen;
  private long lookedAt;

  /** One candidate's history. */
  private static final class Sight {
    Tree tree;
    List<String> tops;

    /** Time without a change, while the script could have made one. */
    long still;

    boolean done;
  }

  Finder(Path kept, Writers writers, long quietNanos, long siblingNanos) {
    this.kept = kept;
    this.writers = writers;
    this.quietNanos = quietNanos;
    this.siblingNanos = siblingNanos;
  }

  /**
   * Takes what was restored as old: only what changes from now on can be found.
   *
   * @param restored its top-level entries; empty for all that lies there
   */
  void baseline(long nowNanos, Optional<Set<String>> restored) throws IOException {
    for (var candidate : candidates().entrySet()) {
      if (restored.isEmpty() || restored.get().containsAll(candidate.getValue())) {
        see(candidate.getKey(), candidate.getValue(), 0).done = true;
      }
    }
    lookedAt = nowNanos;
  }

  /**
   * One look.
   *
   * @param above only steps greater than this
   * @param touched ctimes that our own snapshots caused, by inode
   * @return what is complete now and was not returned in this form before, newest step first
   */
  List<Sighted> look(long nowNanos, Phase phase, long above, Map<Long, Long> touched)
      throws IOException {
    var found = new ArrayList<Sighted>();
    var present = candidates();
    sights.keySet().retainAll(present.keySet());
    present.keySet().removeIf(name -> !name.equals(WHOLE) && Long.parseLong(name) <= above);
    var stillUnmarked = new HashSet<String>();
    long passed = passed(nowNanos, phase);
    waiting = false;
    filesSeen = 0;

    for (var candidate : present.entrySet()) {
      Sight sight = see(candidate.getKey(), candidate.getValue(), passed);
      boolean renamed = renamed(sight, touched, stillUnmarked);
      if (sight.done || sight.tree.bytes() == 0 && sight.tree.problem().isEmpty()) {
        continue;
      }
      if (phase == Phase.RUNNING && sight.still > 0 && writers.anyStopped()) {
        sight.still = 0;
      }
      Proof proof = proof(sight, renamed, phase);
      if (proof != null) {
        found.add(sighted(candidate.getKey(), sight, proof));
        sight.done = true;
        usualTops = sight.tops.size();
      } else {
        waiting |= sight.still <= quietNanos + siblingNanos;
      }
    }
    unmarked = stillUnmarked;
    return found;
  }

  /** Whether the last look saw something that silence alone could still make complete. */
  boolean isWaiting() {
    return waiting;
  }

  private Sighted sighted(String name, Sight sight, Proof proof) throws IOException {
    OptionalLong step = step(name);
    if (step.isEmpty() || sight.tree.problem().isPresent()) {
      return new Sighted(step, sight.tops, sight.tree, proof);
    }
    var all = new ArrayList<>(sight.tops);
    all.addAll(Companions.of(kept, sight.tops, step.getAsLong(), MOST_TOPS));
    Tree tree =
        all.size() == sight.tops.size() ? sight.tree : Tree.of(kept, all, Limits.MOST_FILES);
    return new Sighted(step, List.copyOf(all), tree, proof);
  }

  /** Files that the last look went through. */
  int filesSeen() {
    return filesSeen;
  }

  /**
   * Silence since the last look. Of a longer gap only a part counts while the script runs: then the
   * whole host was paused, and the script has had no more time to go on with its save than we.
   */
  private long passed(long nowNanos, Phase phase) {
    long gap = nowNanos - lookedAt;
    lookedAt = nowNanos;
    return phase == Phase.RUNNING ? Math.min(gap, quietNanos / LEAST_LOOKS) : gap;
  }

  private Proof proof(Sight sight, boolean renamed, Phase phase) throws IOException {
    boolean ended = phase == Phase.ENDED_BADLY;
    if (renamed && sight.tops.size() >= usualTops && isAlone(sight)) {
      boolean directory =
          sight.tree.directories().stream().anyMatch(d -> sight.tops.contains(d.path()));
      if ((directory || sight.still >= siblingNanos || ended) && !isWritten(sight)) {
        return Proof.RENAME;
      }
    }
    if (ended) {
      return provenByFormat(sight) ? Proof.FORMAT : null;
    }
    if (sight.still < quietNanos
        || sight.tree.files().stream().anyMatch(f -> Names.saysUnfinished(f.path()))
        || sight.tree.directories().stream().anyMatch(d -> Names.saysUnfinished(d.path()))) {
      return null;
    }
    if (isWritten(sight)) {
      sight.still = 0;
      return null;
    }
    return Proof.QUIET;
  }

  /** Several unnumbered files are one checkpoint only when they have all settled. */
  private boolean isAlone(Sight sight) {
    return numbered || sight.tops.size() == 1;
  }

  private boolean isWritten(Sight sight) {
    return sight.tree.problem().isEmpty()
        && sight.tops.stream().anyMatch(top -> writers.anyAt(kept.resolve(top)));
  }

  private boolean provenByFormat(Sight sight) throws IOException {
    if (sight.tops.size() != 1 || usualTops != 1 || sight.tree.files().size() != 1) {
      return false;
    }
    Tree.Entry file = sight.tree.files().getFirst();
    return file.path().equals(sight.tops.getFirst())
        && Formats.provesEnd(file.path(), kept.resolve(file.path()), file.stat().bytes());
  }

  /** What was seen under its name without the mark of a rename never earns it there. */
  private boolean renamed(Sight sight, Map<Long, Long> touched, Set<String> stillUnmarked) {
    boolean all = true;
    for (String top : sight.tops) {
      String known = top + '\n' + inode(top, sight.tree);
      if (unmarked.contains(known) || !Arrival.byRename(top, sight.tree, touched)) {
        stillUnmarked.add(known);
        all = false;
      }
    }
    return all && !sight.tops.isEmpty();
  }

  private static long inode(String top, Tree tree) {
    for (Tree.Entry file : tree.files()) {
      if (file.path().equals(top)) {
        return file.stat().inode();
      }
    }
    for (Tree.Entry directory : tree.directories()) {
      if (directory.path().equals(top)) {
        return directory.stat().inode();
      }
    }
    return -1;
  }

  private Sight see(String name, List<String> tops, long passed) throws IOException {
    Tree seen = Tree.of(kept, tops, Limits.MOST_FILES);
    filesSeen += seen.files().size();
    Tree tree = name.equals(WHOLE) ? withoutLogs(seen) : seen;
    Sight sight = sights.computeIfAbsent(name, n -> new Sight());
    if (sight.tree == null || !sight.tree.same(tree)) {
      sight.still = 0;
      sight.done = false;
    } else {
      sight.still += passed;
    }
    sight.tree = tree;
    sight.tops = tops;
    return sight;
  }

  private static Tree withoutLogs(Tree tree) {
    var files =
        tree.files().stream()
            .filter(f -> !Names.isLog(f.path().substring(f.path().lastIndexOf('/') + 1)))
            .toList();
    return new Tree(files, tree.directories(), tree.skipped(), tree.problem());
  }

  /** Top-level entries by candidate, newest step first. */
  private Map<String, List<String>> candidates() throws IOException {
    var steps = new TreeMap<Long, List<String>>(Comparator.reverseOrder());
    var others = new ArrayList<String>();
    for (String name : Tree.names(kept, MOST_TOPS)) {
      if (Names.isIgnored(name)) {
        continue;
      }
      OptionalLong step = Names.step(name);
      if (step.isEmpty()) {
        others.add(name);
      } else {
        numbered = true;
        steps.computeIfAbsent(step.getAsLong(), s -> new ArrayList<>()).add(name);
      }
    }
    var found = new LinkedHashMap<String, List<String>>();
    if (numbered) {
      steps.forEach((step, names) -> {
        if (found.size() < MOST_STEPS) {
          found.put(Long.toString(step), List.copyOf(names));
        }
      });
    } else if (!others.isEmpty()) {
      found.put(WHOLE, List.copyOf(others));
    }
    return found;
  }

  private static OptionalLong step(String candidate) {
    return candidate.equals(WHOLE)
        ? OptionalLong.empty()
        : OptionalLong.of(Long.parseLong(candidate));
  }
}
