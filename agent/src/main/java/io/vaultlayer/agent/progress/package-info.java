/** How far the training is: from the helper module's file, from what the script prints. */
package io.vaultlayer.agent.progress;
