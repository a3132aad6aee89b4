/** The lease item: the one small record per job that all ownership goes through. */
package io.vaultlayer.core.lease;
