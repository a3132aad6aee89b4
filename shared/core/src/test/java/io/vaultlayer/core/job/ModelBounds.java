package io.vaultlayer.core.job;

/**
 * How small a world is, and what may happen in it.
 *
 * @param epochs the last epoch that is explored; what opens one more is checked and not followed
 * @param hosts instances that may come into being, copies of one launch included
 * @param steps of the training
 * @param launches that may be opened in one epoch
 * @param cancels how often the user may cancel, and {@code resumes} resume
 * @param damages how many committed checkpoints rot in the bucket
 * @param handover notices, successors and restarts in place happen
 */
record ModelBounds(
    int epochs,
    int hosts,
    int steps,
    int launches,
    int cancels,
    int resumes,
    int damages,
    boolean handover) {
  ModelBounds {
    if (epochs > 3 || hosts > 4 || steps > 2 || launches > 3) {
      throw new IllegalArgumentException("a world this big does not fit its encoding");
    }
  }
}
