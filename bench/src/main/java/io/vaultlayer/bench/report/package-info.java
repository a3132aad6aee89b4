/** What the benches share in asking for options and telling figures. */
package io.vaultlayer.bench.report;
