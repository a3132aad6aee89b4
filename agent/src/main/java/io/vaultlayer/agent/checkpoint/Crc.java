package io.vaultlayer.agent.checkpoint;

/**
 * CRC-32 as an algebra: the remainder of a polynomial, bits reversed, so that the checksum of a
 * whole follows from those of its parts without another pass over the bytes.
 */
final class Crc {
  /** The polynomial of CRC-32, reversed. */
  private static final int POLYNOMIAL = 0xedb88320;

  /** One, reversed: the coefficient of x^0 is the highest bit. */
  private static final int ONE = 1 << 31;

  /** x^8, reversed: what a byte more multiplies with. */
  private static final int BYTE = ONE >>> 8;

  private Crc() {}

  /**
   * The CRC-32 of two stretches, one behind the other.
   *
   * @param bytes length of the second
   */
  static long combined(long first, long second, long bytes) {
    int shift = ONE;
    int square = BYTE;
    for (long left = bytes; left > 0; left >>= 1) {
      shift = (left & 1) == 1 ? product(shift, square) : shift;
      square = product(square, square);
    }
    return (product((int) first, shift) ^ (int) second) & 0xffff_ffffL;
  }

  private static int product(int a, int b) {
    int sum = 0;
    int shifted = b;
    for (int bit = ONE; bit != 0; bit >>>= 1) {
      sum ^= (a & bit) == 0 ? 0 : shifted;
      shifted = (shifted >>> 1) ^ ((shifted & 1) == 0 ? 0 : POLYNOMIAL);
    }
    return sum;
  }
}
