/** How an attempt's end is read. */
package io.vaultlayer.core.end;
