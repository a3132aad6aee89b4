/** Puts the parts together, and takes them apart in the right order. */
package io.vaultlayer.local.plane;
