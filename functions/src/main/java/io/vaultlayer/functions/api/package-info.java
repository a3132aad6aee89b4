/** The users' side of the API: submit, look, act. */
package io.vaultlayer.functions.api;
