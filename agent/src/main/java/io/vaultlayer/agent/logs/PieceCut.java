package io.vaultlayer.agent.logs;

/** Where to cut a stream of text into pieces that people can read one by one. */
final class PieceCut {
  private PieceCut() {}

  /** End of the last whole line (a line ends in a line feed or, for progress bars, a return). */
  static int atLineEnd(byte[] bytes, int length) {
    for (int at = length; at > 0; at--) {
      if (bytes[at - 1] == '\n' || bytes[at - 1] == '\r') {
        return at;
      }
    }
    return 0;
  }

  /** Beginning of the second line; 0 where there is none. */
  static int afterLine(byte[] bytes, int length) {
    for (int at = 0; at < length; at++) {
      if (bytes[at] == '\n') {
        return at + 1;
      }
    }
    return 0;
  }

  /** The longest beginning that does not end inside a UTF-8 character. */
  static int atCharacter(byte[] bytes, int length) {
    int lead = length;
    while (lead > 0 && length - lead < 4) {
      lead--;
      int b = bytes[lead] & 0xff;
      if (b < 0x80) {
        return length;
      }
      if (b >= 0xc0) {
        int wanted = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
        return length - lead >= wanted ? length : lead;
      }
    }
    // Four continuation bytes in a row are no UTF-8 at all.
    return length;
  }
}
