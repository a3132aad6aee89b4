/** One suite per port: what its callers rely on, run on the fake and on every real part. */
package io.vaultlayer.testkit.suite;
