package io.vaultlayer.wire.planted;

/** Breaks the rule that wire knows Jackson and nothing else from outside. */
public record UsesALogger(org.slf4j.Logger logger) {}
