package io.vaultlayer.agent.checkpoint;

import java.util.List;
import java.util.OptionalLong;

/**
 * A complete checkpoint, found.
 *
 * @param step the name's; empty when the names state none
 * @param tops its top-level entries in the kept directory
 */
record Sighted(OptionalLong step, List<String> tops, Tree tree, Proof proof) {}
