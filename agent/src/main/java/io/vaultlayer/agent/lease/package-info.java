/** Being owner of the attempt: beats, what follows from their absence, and from a refusal. */
package io.vaultlayer.agent.lease;
