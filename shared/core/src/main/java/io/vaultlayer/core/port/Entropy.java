package io.vaultlayer.core.port;

/**
 * The one source of randomness: tokens, ids and jitter. Seeded in simulation, a secure generator
 * elsewhere.
 */
@FunctionalInterface
public interface Entropy {
  /** Fresh random bytes; {@code count} from 1 to 64. */
  byte[] bytes(int count);
}
