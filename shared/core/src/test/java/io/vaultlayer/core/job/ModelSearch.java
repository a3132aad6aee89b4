package io.vaultlayer.core.job;

import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Breadth first through all worlds within some bounds, so that the first broken law comes with a
 * shortest story of how it broke. Visited worlds are kept as fingerprints of 64 bits: among a
 * million of them the chance of a single collision is 3 in 100 million.
 */
final class ModelSearch<W extends ModelSpace.World> implements ModelSpace.Sink<W> {
  /**
   * @param worlds visited
   * @param exhausted nothing within the bounds is left unvisited
   * @param story of the first broken law, move by move, the law last; empty when none broke
   */
  record Found(int worlds, boolean exhausted, int moves, double cpuSeconds, List<String> story) {
    /** For the page: how much was explored, in how much time of one core. */
    String told(String name) {
      return "model: %s: %,d worlds%s, %,d moves, %.1f s"
          .formatted(name, worlds, exhausted ? ", all there are" : " (limit)", moves, cpuSeconds);
    }

    /** For the page: how a planted fault was caught. */
    String caught(String name) {
      return "mutant: %s: caught in %d moves after %,d worlds: %s"
          .formatted(name, story.size() - 1, worlds, story.getLast());
    }
  }

  private final ModelSpace<W> space;
  private final int limit;
  private final Map<String, Integer> names = new HashMap<>();
  private final List<String> byNumber = new ArrayList<>();
  private final ArrayDeque<W> frontier = new ArrayDeque<>();
  private long[] fingerprints = new long[1 << 16];
  private int[] parents = new int[1 << 12];
  private int[] steps = new int[1 << 12];
  private int worlds;
  private int current;
  private int taken;
  private Optional<List<String>> story = Optional.empty();

  private ModelSearch(ModelSpace<W> space, int limit) {
    this.space = space;
    this.limit = limit;
  }

  static <W extends ModelSpace.World> Found search(ModelSpace<W> space, int limit) {
    return new ModelSearch<>(space, limit).run();
  }

  private static double cpuSeconds() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9;
  }

  private Found run() {
    var since = cpuSeconds();
    current = -1;
    add(space.first(), 0);
    for (current = 0; !frontier.isEmpty() && story.isEmpty() && worlds < limit; current++) {
      space.expand(frontier.poll(), this);
    }
    return new Found(
        worlds, frontier.isEmpty(), taken, cpuSeconds() - since, story.orElse(List.of()));
  }

  @Override
  public void next(String move, int host, int detail, W world) {
    taken++;
    if (worlds < limit) {
      add(world, step(move, host, detail));
    }
  }

  @Override
  public void broken(String move, int host, int detail, String law) {
    if (story.isPresent()) {
      return;
    }
    var told = new ArrayList<String>();
    for (int at = current; at > 0; at = parents[at]) {
      told.add(tell(steps[at]));
    }
    Collections.reverse(told);
    told.add(tell(step(move, host, detail)));
    told.add(law);
    story = Optional.of(told);
  }

  private int step(String move, int host, int detail) {
    int name =
        names.computeIfAbsent(
            move,
            m -> {
              byNumber.add(m);
              return byNumber.size() - 1;
            });
    return name << 16 | (host & 0xff) << 8 | detail & 0xff;
  }

  private String tell(int step) {
    int host = (byte) (step >>> 8);
    var who = host < 0 ? "" : host < 8 ? "host " + host + " " : "provisioner " + (char) host + " ";
    return who + byNumber.get(step >>> 16) + " " + (step & 0xff);
  }

  private void add(W world, int step) {
    if (!visit(world.fingerprint())) {
      return;
    }
    if (worlds == parents.length) {
      parents = Arrays.copyOf(parents, worlds * 2);
      steps = Arrays.copyOf(steps, worlds * 2);
    }
    parents[worlds] = current;
    steps[worlds] = step;
    worlds++;
    frontier.add(world);
  }

  /** False when it was there already. */
  private boolean visit(long fingerprint) {
    if (worlds * 2 > fingerprints.length) {
      var old = fingerprints;
      fingerprints = new long[old.length * 2];
      for (long f : old) {
        if (f != 0) {
          fingerprints[slot(f)] = f;
        }
      }
    }
    int at = slot(fingerprint);
    if (fingerprints[at] == fingerprint) {
      return false;
    }
    fingerprints[at] = fingerprint;
    return true;
  }

  private int slot(long fingerprint) {
    int mask = fingerprints.length - 1;
    int at = (int) fingerprint & mask;
    while (fingerprints[at] != 0 && fingerprints[at] != fingerprint) {
      at = at + 1 & mask;
    }
    return at;
  }
}
