/** The instance's own directory, the unpacked work directory and what the script sees of them. */
package io.vaultlayer.agent.work;
