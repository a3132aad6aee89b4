package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.Manifest;
import java.nio.file.Path;

/**
 * A checkpoint back in the kept directory, every digest verified.
 *
 * @param step for {@code VAULTLAYER_RESUME_STEP}
 * @param from for {@code VAULTLAYER_RESUME_FROM}: the checkpoint's only top-level entry, or the
 *     only one that states the step, or else the kept directory itself
 * @param manifest to compare the next saves with
 */
public record Restored(long step, Path from, Manifest manifest) {}
