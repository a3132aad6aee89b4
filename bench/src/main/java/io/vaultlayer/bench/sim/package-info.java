/**
 * The real handlers on in-memory ports in virtual time, from one seed, with faults at every port;
 * see docs/simulation.md.
 */
package io.vaultlayer.bench.sim;
