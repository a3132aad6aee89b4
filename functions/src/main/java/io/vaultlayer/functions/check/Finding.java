package io.vaultlayer.functions.check;

/** One broken rule of one job: the invariant's id, and what is wrong. */
record Finding(String invariant, String detail) {}
