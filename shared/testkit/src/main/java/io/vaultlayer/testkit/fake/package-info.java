/** The ports in memory, each passing the suite that its real part passes. */
package io.vaultlayer.testkit.fake;
