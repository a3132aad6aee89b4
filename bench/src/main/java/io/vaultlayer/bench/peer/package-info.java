/**
 * The real handlers beside a model of a peer's published constants, on the same failures in virtual
 * time.
 */
package io.vaultlayer.bench.peer;
