package io.vaultlayer.agent.logs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PieceCutTest {
  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aPieceEndsAfterTheLastWholeLine() {
    assertThat(PieceCut.atLineEnd(utf8("a\nbc\nd"), 6)).isEqualTo(5);
    assertThat(PieceCut.atLineEnd(utf8("10%\r20%\r3"), 9)).isEqualTo(8);
    assertThat(PieceCut.atLineEnd(utf8("no end"), 6)).isZero();
  }

  @Test
  void noCharacterIsCut() {
    for (String character : new String[] {"a", "\u00e9", "\u20ac", "\ud83d\ude80"}) {
      byte[] bytes = utf8("x" + character);
      assertThat(PieceCut.atCharacter(bytes, bytes.length)).isEqualTo(bytes.length);
      for (int length = 2; length < bytes.length; length++) {
        assertThat(PieceCut.atCharacter(bytes, length)).isEqualTo(1);
      }
    }
  }

  @Test
  void whatIsNoTextIsCutAnywhere() {
    byte[] junk = {(byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80};
    assertThat(PieceCut.atCharacter(junk, 5)).isEqualTo(5);
  }
}
