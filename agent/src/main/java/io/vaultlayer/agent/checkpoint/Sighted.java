package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.gate.Finding;
import java.util.List;
import java.util.OptionalLong;

/**
 * A complete checkpoint, found.
 *
 * @param step the name's; empty when the names state none
 * @param tops its top-level entries in the kept directory
 * @param parts whether they are all there; where not, it was waited for in vain
 */
record Sighted(OptionalLong step, List<String> tops, Tree tree, Proof proof, Finding parts) {}
