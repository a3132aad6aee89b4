package io.vaultlayer.functions.planted.two;

import io.vaultlayer.functions.planted.one.UsesTwo;

/** The other half. */
public record UsesOne(UsesTwo one) {}
