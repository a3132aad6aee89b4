/**
 * The real handlers in virtual time without faults of their own: what the benches of detection and
 * of peers share. Only one thread of a plane runs at any moment.
 */
package io.vaultlayer.bench.plane;
