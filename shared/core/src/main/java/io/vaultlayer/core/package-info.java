/** Pure decisions: no clock, no randomness, no input or output. */
package io.vaultlayer.core;
