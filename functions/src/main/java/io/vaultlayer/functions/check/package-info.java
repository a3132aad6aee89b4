/** The invariants as checkers over stored state ({@code vl check}); used by the query function. */
package io.vaultlayer.functions.check;
