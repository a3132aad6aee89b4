package io.vaultlayer.agent.gate;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** Numbers with a fraction in little-endian bytes, and which of them are none. */
enum Floats {
  BF16(2),
  F16(2),
  F32(4),
  F64(8);

  private final int bytes;

  Floats(int bytes) {
    this.bytes = bytes;
  }

  static Optional<Floats> of(String dtype) {
    return switch (dtype) {
      case "BF16" -> Optional.of(BF16);
      case "F16" -> Optional.of(F16);
      case "F32" -> Optional.of(F32);
      case "F64" -> Optional.of(F64);
      default -> Optional.empty();
    };
  }

  /** True when any of them is a number, and where there are none at all. */
  boolean holdsNumbers(byte[] sample) {
    ByteBuffer values = ByteBuffer.wrap(sample).order(ByteOrder.LITTLE_ENDIAN);
    if (values.remaining() < bytes) {
      return true;
    }
    while (values.remaining() >= bytes) {
      if (!Double.isNaN(next(values))) {
        return true;
      }
    }
    return false;
  }

  private double next(ByteBuffer values) {
    return switch (this) {
      case BF16 -> Float.intBitsToFloat(values.getShort() << 16);
      case F16 -> Float.float16ToFloat(values.getShort());
      case F32 -> values.getFloat();
      case F64 -> values.getDouble();
    };
  }
}
