/** The script's output on its way into the bucket. */
package io.vaultlayer.agent.logs;
