/**
 * What runs on the GPU host beside the training script: restores, starts, beats, snapshots,
 * uploads, commits, and obeys a fence. Everything sent there is treated as public.
 */
package io.vaultlayer.agent;
