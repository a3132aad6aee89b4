/** What a script tells of its progress. */
package io.vaultlayer.core.progress;
