package io.vaultlayer.core.port;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Rows with versions: the only thing that decides. Tables are named by the name that the deployment
 * gave them.
 *
 * <p>Every method throws {@link StoreUnavailable} when no answer came; a write may then have been
 * applied or not, and the caller finds out by reading (its own write is recognised by effect).
 */
public interface Store {
  /** Most rows in one {@link #write}. */
  int MOST_WRITES = 25;

  /** Most rows in one page. */
  int MOST_ROWS = 1000;

  /** Reads one row, strongly consistent. */
  Optional<Item> get(String table, Key key);

  /**
   * Writes 1 to {@value #MOST_WRITES} rows, all or none; more than one is a transaction. Each key
   * at most once.
   */
  WriteResult write(List<Write> writes);

  /**
   * Rows of one partition in order of the sort key, those that begin with {@code sortPrefix} (may
   * be empty).
   */
  Page query(
      String table,
      String partition,
      String sortPrefix,
      boolean descending,
      int limit,
      Optional<String> from);

  /**
   * Rows due in the sparse index's partition at or before {@code notAfter}, earliest first;
   * eventually consistent.
   */
  Page due(String table, String duePartition, Instant notAfter, int limit, Optional<String> from);

  /** One segment (0 to segments-1) of the whole table in no given order; eventually consistent. */
  Page scan(String table, int segment, int segments, int limit, Optional<String> from);
}
