/** Finds a job its place: claim, intent, create, and what to do when the answer is lost. */
package io.vaultlayer.functions.provisioner;
