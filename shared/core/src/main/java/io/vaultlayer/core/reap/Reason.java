package io.vaultlayer.core.reap;

import java.util.Locale;

/** Why the reaper does what it does with an instance, or why it does nothing. */
public enum Reason {
  // ---- kept, and looked at again
  /** The lease names it and the list shows it. */
  OWNED(false),
  /** Its create call has not been answered and the list does not show it (yet). */
  AWAITED(false),
  /**
   * A complete list does not show the owner's instance: whether it is lost, the watchdog judges.
   */
  OWNED_NOT_SHOWN(false),
  /** The list lacks pages: what it does not show may be there all the same. */
  OWNED_PARTIAL_LIST(false),
  /** Owned, and its provider gave no list. */
  OWNED_NO_LIST(false),
  /**
   * The owner's instance is not shown, but others under its label are: which of them is the owner's
   * cannot be told, so none is touched until the lease is fenced.
   */
  OWNED_OTHERS_SHOWN(true),
  /** Instances made by mistake beside the owner's are no longer shown; their cost is booked. */
  COPIES_GONE(true),
  /** This deployment has no provider of that name (any more): it cannot be asked or ended. */
  PROVIDER_UNKNOWN(true),

  // ---- adopted
  /** An open launch waits for this label, and the list shows it: the create's answer was lost. */
  ANSWER_LOST(false),

  // ---- terminated, again and again
  /** Its job moved on or ended. */
  NOT_OWNED(false),
  /** Our owner's label, of a job that this store does not know. */
  JOB_UNKNOWN(true),
  /** A terminate was asked for before, and the list still shows it. */
  STILL_THERE(false),
  /** So many terminates were asked for that it will not end by itself: people must look. */
  DOES_NOT_END(true),
  /** Nobody owns it; the list does not show it, but lacks pages. */
  UNOWNED_PARTIAL_LIST(false),
  /** Nobody owns it; a list this early may not show it yet. */
  UNOWNED_NOT_YET_VISIBLE(false),
  /** Nobody owns it, and its provider gave no list: asked to end it all the same. */
  UNOWNED_NO_LIST(false),
  /** A create was repeated by mistake: the owner's instance is kept, the others are not. */
  COPIES_BESIDE_THE_OWNER(true),

  // ---- settled
  /** A complete list does not show it, late enough to be believed. */
  LIST_AGREES(false),
  /** Confirmed gone before, and not shown. */
  STAYS_GONE(false),
  /** Shown by a list that was asked for before another, later one confirmed it gone. */
  OLD_LIST(false),

  // ---- reopened
  /** It was confirmed gone, and is shown again: what it cost meanwhile was never booked. */
  BACK_AGAIN(true),
  /** The list shows our owner's label, and no item knows it. */
  NO_ITEM(true);

  private final boolean alarming;

  Reason(boolean alarming) {
    this.alarming = alarming;
  }

  /** True when people must hear of it. */
  public boolean alarming() {
    return alarming;
  }

  /** The stable code in rows and logs. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }
}
