/** Load, commit, project: how every function touches the stored state. */
package io.vaultlayer.functions.state;
