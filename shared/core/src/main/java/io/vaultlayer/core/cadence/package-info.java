/** When to save, and whether a last save still fits: numbers in, a decision out. */
package io.vaultlayer.core.cadence;
