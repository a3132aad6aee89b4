/**
 * What the handlers do in a second on the embedded store, beside what that store's disk allows, and
 * what a decision costs alone.
 */
package io.vaultlayer.bench.throughput;
