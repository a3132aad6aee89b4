package io.vaultlayer.cli.planted;

/** Breaks the rule that the command line knows no AWS SDK. */
public record UsesTheCloud(software.amazon.awssdk.regions.Region region) {}
