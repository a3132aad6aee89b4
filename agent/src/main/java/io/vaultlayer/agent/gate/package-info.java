/**
 * What a checkpoint must show before it may be committed: that every file was written to its end,
 * that every part of it is there, and that training and GPU were sound. Only headers and ends of
 * files are read, so a look costs the same whatever the size. {@code docs/checkpoint-gate.md} says
 * what is looked at, and what cannot be told.
 */
package io.vaultlayer.agent.gate;
