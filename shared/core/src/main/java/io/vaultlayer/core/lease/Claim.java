package io.vaultlayer.core.lease;

import java.time.Instant;

/** One provisioner's right to place the job, until a time. */
public record Claim(String by, Instant until) {}
