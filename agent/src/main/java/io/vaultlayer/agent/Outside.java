package io.vaultlayer.agent;

import io.vaultlayer.agent.lease.Clocks;
import java.time.Instant;
import java.util.Map;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * What the agent takes from outside.
 *
 * @param now dates the lines of {@code agent.log} and decides nothing
 * @param random makes tokens, so it has to be a secure one
 * @param environment the agent's own
 */
record Outside(
    Clocks clocks,
    Supplier<Instant> now,
    RandomGenerator random,
    Map<String, String> environment) {}
