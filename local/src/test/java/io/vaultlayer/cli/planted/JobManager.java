package io.vaultlayer.cli.planted;

/** Breaks the rule about names. */
public record JobManager(String name) {}
