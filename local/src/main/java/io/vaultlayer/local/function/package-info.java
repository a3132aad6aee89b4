/** Runs the functions of the template in this process, each within its own permissions. */
package io.vaultlayer.local.function;
