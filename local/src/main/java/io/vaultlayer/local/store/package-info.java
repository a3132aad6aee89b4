/** The store port on SQLite. */
package io.vaultlayer.local.store;
