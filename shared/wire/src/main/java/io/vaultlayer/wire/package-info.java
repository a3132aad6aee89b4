/**
 * The JSON records that agent, control plane and command line exchange, and nothing else. A record
 * here is a published shape: it changes only by adding.
 */
package io.vaultlayer.wire;
