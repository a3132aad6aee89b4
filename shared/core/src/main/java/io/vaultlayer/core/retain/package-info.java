/** Which checkpoints of a job may go. Pure; what is deleted follows from a stored plan. */
package io.vaultlayer.core.retain;
