/** Finds who is silent or lost, and the work that an event forgot. */
package io.vaultlayer.functions.watchdog;
