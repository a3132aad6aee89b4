/** Ends instances that nobody owns, until their provider's list agrees. */
package io.vaultlayer.functions.reaper;
