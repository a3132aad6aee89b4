/** The GPUs of this host: what they do, for people's eyes, and whether they are sound. */
package io.vaultlayer.agent.gpu;
