package io.vaultlayer.agent.gpu;

import io.vaultlayer.wire.GpuFigures;
import java.util.OptionalLong;

/**
 * One device at one look.
 *
 * @param bus its place, such as {@code 0000:65:00}, as the kernel's log names it
 * @param uncorrectable memory errors that could not be corrected since the driver was loaded; empty
 *     where the device does not count them
 */
record Gpu(
    int index, String uuid, String bus, GpuFigures.Figure figure, OptionalLong uncorrectable) {}
