package io.vaultlayer.core.reap;

/** What the job's money does in the same transaction; all amounts in USD. */
public sealed interface Booking {
  Booking NONE = new None();

  record None() implements Booking {}

  /** The label's reservation becomes this much, granted or not: it stands for what is there. */
  record Reserve(double usd) implements Booking {}

  /** The label's reservation is released and this much is spent. */
  record Settle(double usd) implements Booking {}

  /** This much is spent beside the reservation. */
  record Spend(double usd) implements Booking {}
}
