/** The Python with which the tests run the real frameworks. */
package io.vaultlayer.testkit.python;
