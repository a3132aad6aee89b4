/** Instances: what we mean to have at a provider, and what to do about what its list shows. */
package io.vaultlayer.core.reap;
