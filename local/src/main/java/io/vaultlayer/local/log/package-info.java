/** The plane's log: one JSON line for each decision. */
package io.vaultlayer.local.log;
