/** The agent's calls to the control plane, and what came of each. */
package io.vaultlayer.agent.api;
