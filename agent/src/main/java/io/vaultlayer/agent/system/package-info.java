/** Where the agent reads its host's clocks; everything else is handed them. */
package io.vaultlayer.agent.system;
