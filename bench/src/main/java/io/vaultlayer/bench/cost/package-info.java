/** What the control plane costs, counted from the calls that the real handlers make. */
package io.vaultlayer.bench.cost;
