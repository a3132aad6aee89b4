package io.vaultlayer.core.job;

/**
 * How small a world of instances is, and what may happen in it.
 *
 * @param epochs the last epoch that is explored
 * @param hosts instances that may come into being, copies included
 * @param launches that may be opened in one epoch, successors included
 * @param copies a create may be repeated by mistake, and make a second instance
 * @param lateCreates a create may take effect after the provider's window, which no list can tell
 * @param handover notices and successors happen
 * @param ends how often the user cancels and resumes
 */
record ReapBounds(
    int epochs,
    int hosts,
    int launches,
    boolean copies,
    boolean lateCreates,
    boolean handover,
    int ends) {
  ReapBounds {
    if (epochs > 2 || hosts > 4 || launches > 4) {
      throw new IllegalArgumentException("a world this big does not fit its encoding");
    }
  }
}
