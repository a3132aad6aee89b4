package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.gate.Finding;
import io.vaultlayer.wire.Manifest;
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
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

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
  private final Silence silence;
  private final Supplier<OptionalInt> world;

  private final Map<String, Sight> sights = new HashMap<>();
  private Set<String> unmarked = new HashSet<>();
  private boolean numbered;
  private int usualTops = 1;
  private boolean waiting;
  private int filesSeen;
  private long lookedAt;

  /**
   * How long what may mean something is waited for.
   *
   * @param quietNanos without a change: then it is complete
   * @param siblingNanos a file that was renamed may be the first of several of its step
   * @param patienceNanos without a change while a part is missing, such as another rank's
   */
  record Silence(long quietNanos, long siblingNanos, long patienceNanos) {}

  /** One candidate's history. */
  private static final class Sight {
    Tree tree;
    List<String> tops;

    /** What its parts said last, and how long it had been still then. */
    Finding parts = Finding.nothing();

    long askedAt = -1;

    /** Time without a change, while the script could have made one. */
    long still;

    boolean done;
  }

  /**
   * @param world number of processes that save together, as soon as anybody knows
   */
  Finder(Path kept, Writers writers, Silence silence, Supplier<OptionalInt> world) {
    this.kept = kept;
    this.writers = writers;
    this.silence = silence;
    this.world = world;
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
      Proof proof = proof(candidate.getKey(), sight, renamed, phase);
      if (proof != null && isWaitingForParts(candidate.getKey(), sight, phase)) {
        waiting = true;
      } else if (proof != null) {
        found.add(sighted(candidate.getKey(), sight, proof));
        sight.done = true;
        usualTops = sight.tops.size();
      } else {
        waiting |= sight.still <= silence.quietNanos() + silence.siblingNanos();
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
    List<String> all = withCompanions(name, sight);
    return new Sighted(step(name), all, tree(all, sight), proof, sight.parts);
  }

  private List<String> withCompanions(String name, Sight sight) throws IOException {
    OptionalLong step = step(name);
    if (step.isEmpty() || sight.tree.problem().isPresent()) {
      return sight.tops;
    }
    var all = new ArrayList<>(sight.tops);
    all.addAll(Companions.of(kept, sight.tops, step.getAsLong(), MOST_TOPS));
    return List.copyOf(all);
  }

  private Tree tree(List<String> tops, Sight sight) throws IOException {
    return tops.size() == sight.tops.size() ? sight.tree : Tree.of(kept, tops, Manifest.MOST_FILES);
  }

  /**
   * Whether a part is missing that may still come. Nobody brings it once the script has ended. What
   * was waited for in vain goes on with what its parts said last; when the part comes after all, it
   * is found anew.
   */
  private boolean isWaitingForParts(String name, Sight sight, Phase phase) throws IOException {
    if (sight.askedAt < 0 || sight.still - sight.askedAt >= silence.quietNanos() / LEAST_LOOKS) {
      sight.askedAt = sight.still;
      sight.parts = Gate.parts(kept, tree(withCompanions(name, sight), sight), world.get());
    }
    return switch (sight.parts) {
      case Finding.Whole whole -> false;
      case Finding.Doubtful d -> phase == Phase.RUNNING && sight.still < silence.patienceNanos();
      case Finding.Incomplete i -> phase == Phase.RUNNING && sight.still < silence.patienceNanos();
    };
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
    return phase == Phase.RUNNING ? Math.min(gap, silence.quietNanos() / LEAST_LOOKS) : gap;
  }

  private Proof proof(String name, Sight sight, boolean renamed, Phase phase) throws IOException {
    boolean ended = phase == Phase.ENDED_BADLY;
    if (renamed && sight.tops.size() >= usualTops && isAlone(sight)) {
      boolean directory =
          sight.tree.directories().stream().anyMatch(d -> sight.tops.contains(d.path()));
      if ((directory || sight.still >= silence.siblingNanos() || ended) && !isWritten(sight)) {
        return Proof.RENAME;
      }
    }
    if (ended) {
      return provenByItself(name, sight) ? Proof.FORMAT : null;
    }
    if (sight.still < silence.quietNanos()
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

  private boolean provenByItself(String name, Sight sight) throws IOException {
    return sight.tops.size() == 1
        && usualTops == 1
        && sight.tree.problem().isEmpty()
        && Gate.isProven(kept, tree(withCompanions(name, sight), sight), world.get());
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
    Tree seen = Tree.of(kept, tops, Manifest.MOST_FILES);
    filesSeen += seen.files().size();
    Tree tree = name.equals(WHOLE) ? withoutLogs(seen) : seen;
    Sight sight = sights.computeIfAbsent(name, n -> new Sight());
    if (sight.tree == null || !sight.tree.same(tree)) {
      sight.still = 0;
      sight.askedAt = -1;
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
