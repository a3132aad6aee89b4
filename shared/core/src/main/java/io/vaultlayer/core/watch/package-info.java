/** When to fence: what the watchdog makes of silence, of lists, of its own absence. Pure. */
package io.vaultlayer.core.watch;
