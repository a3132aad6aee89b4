package io.vaultlayer.cli.rehearse;

import java.time.Instant;
import java.util.OptionalLong;

/**
 * One save as it was seen on the disk, or as the import hook told it.
 *
 * @param step that the hook named; empty where it is only seen that files change
 * @param seconds from its begin to its last change; so far, for one that was cut
 * @param whole false for one that a kill has cut, or that was never seen to end
 */
record Save(int attempt, OptionalLong step, Instant ended, double seconds, boolean whole) {}
