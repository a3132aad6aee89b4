package io.vaultlayer.nowhere;

/** Breaks the rule that every class is in a room. */
public record Stray(int number) {}
