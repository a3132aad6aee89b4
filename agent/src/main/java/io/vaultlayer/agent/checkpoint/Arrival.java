package io.vaultlayer.agent.checkpoint;

import java.util.Map;

/**
 * Did this arrive by rename? Inotify would know, but Java's WatchService reports a rename and a
 * creation alike, so the answer is read off the time stamps that the kernel sets.
 *
 * <p><b>Directory.</b> Making, removing or renaming an entry inside a directory sets the
 * directory's mtime and ctime to the same instant; {@code mkdir} does too. Renaming the directory
 * itself sets its ctime alone. So one that is being filled in place has mtime = ctime, and one that
 * was filled and then renamed has mtime &lt; ctime, with everything below it not newer than that
 * ctime. (An entry below that changed later means that somebody still writes: no proof.)
 *
 * <p><b>File.</b> A write sets mtime and ctime together; a rename sets ctime alone.
 *
 * <p>What else sets ctime alone: {@code chmod}, {@code chown}, {@code utime}, extended attributes
 * and hard links. On a directory or file that was first seen under this name without the mark, the
 * mark counts for nothing later (the caller keeps that); a hard link shows in the link count, and
 * ctimes that our own linking and unlinking caused are named by the caller. What is left is a
 * program that writes part of a checkpoint, changes its attributes and then pauses, all without a
 * file open for writing and before our first look half a second later.
 *
 * <p>It errs to the safe side where stamps are coarse: a rename within the same clock tick as the
 * last write (4 ms on most kernels before 6.13, with no fsync between) has mtime = ctime and is not
 * recognised, and a file system that keeps no ctime never shows the mark. Then quiescence decides.
 * {@code ArrivalTest} shows all this on the file system it runs on and on tmpfs.
 */
final class Arrival {
  private Arrival() {}

  /**
   * True when a top-level entry shows that it was renamed to its name.
   *
   * @param tree the look that holds it and all below
   * @param touched ctimes that our own hard links caused, by inode
   */
  static boolean byRename(String top, Tree tree, Map<Long, Long> touched) {
    for (Tree.Entry file : tree.files()) {
      if (file.path().equals(top)) {
        return moved(file.stat(), touched);
      }
    }
    for (Tree.Entry directory : tree.directories()) {
      if (directory.path().equals(top)) {
        return movedWhole(directory, tree);
      }
    }
    return false;
  }

  private static boolean moved(Stat file, Map<Long, Long> touched) {
    return file.modifiedNanos() < file.changedNanos()
        && file.links() == 1
        && touched.getOrDefault(file.inode(), -1L) != file.changedNanos();
  }

  private static boolean movedWhole(Tree.Entry top, Tree tree) {
    long arrived = top.stat().changedNanos();
    if (top.stat().modifiedNanos() >= arrived) {
      return false;
    }
    String below = top.path() + "/";
    return notNewer(tree.directories(), below, arrived) && notNewer(tree.files(), below, arrived);
  }

  private static boolean notNewer(Iterable<Tree.Entry> entries, String below, long arrived) {
    for (Tree.Entry entry : entries) {
      if (entry.path().startsWith(below)
          && (entry.stat().changedNanos() > arrived || entry.stat().modifiedNanos() > arrived)) {
        return false;
      }
    }
    return true;
  }
}
