package io.vaultlayer.core.job;

/**
 * Something that can be explored: a first world, and from each world everything that can happen
 * next.
 */
interface ModelSpace<W extends ModelSpace.World> {
  /** One state; worlds that may behave differently have different fingerprints. */
  interface World {
    long fingerprint();
  }

  /** Takes each next world, or the line that says which law the move breaks. */
  interface Sink<W> {
    void next(String move, int host, int detail, W world);

    void broken(String move, int host, int detail, String law);
  }

  W first();

  void expand(W world, Sink<W> into);
}
