/**
 * Decisions as values: the job machine, lease rules, placement, cadence and money. Nothing here
 * reads a clock, an environment variable, a random source, a file or a socket; whoever calls brings
 * what was read and performs what was decided.
 */
package io.vaultlayer.core;
