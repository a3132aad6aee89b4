/**
 * The ports: what the control plane needs of the world, as interfaces without any implementation.
 */
package io.vaultlayer.core.port;
