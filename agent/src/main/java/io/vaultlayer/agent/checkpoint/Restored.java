package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.wire.Manifest;
import java.nio.file.Path;

/**
 * A checkpoint back in the kept directory, every digest verified.
 *
 * @param step for {@code VAULTLAYER_RESUME_STEP}
 * @param from for {@code VAULTLAYER_RESUME_FROM}: the one top-level entry of the checkpoint, or the
 *     kept directory itself when it has several
 * @param manifest to compare the next saves with
 */
public record Restored(long step, Path from, Manifest manifest) {}
