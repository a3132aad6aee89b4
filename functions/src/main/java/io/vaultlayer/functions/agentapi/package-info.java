/** The agents' side of the API: what the owner of an attempt may do. */
package io.vaultlayer.functions.agentapi;
