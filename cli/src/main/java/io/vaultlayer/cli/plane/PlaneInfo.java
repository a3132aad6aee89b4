package io.vaultlayer.cli.plane;

/** What a running embedded plane says about itself in {@code <home>/local/plane.json}. */
public record PlaneInfo(
    String endpoint,
    String tokenFile,
    long pid,
    String dataDir,
    String s3Endpoint,
    String bucket,
    String region,
    String version) {}
