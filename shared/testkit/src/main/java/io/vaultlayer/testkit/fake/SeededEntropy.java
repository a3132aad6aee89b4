package io.vaultlayer.testkit.fake;

import io.vaultlayer.core.port.Entropy;
import java.util.Random;

/** The same seed gives the same bytes, in any order of tests. */
public final class SeededEntropy implements Entropy {
  private final Random random;

  public SeededEntropy(long seed) {
    random = new Random(seed);
  }

  @Override
  public synchronized byte[] bytes(int count) {
    if (count < 1 || count > 64) {
      throw new IllegalArgumentException("1 to 64 random bytes at once, not " + count);
    }
    var bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
