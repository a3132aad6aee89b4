/**
 * The embedded plane: reads template.yaml and wires the same handlers to real parts on one machine.
 * What it does not honour stops it at start, by name.
 */
package io.vaultlayer.local;
