package io.vaultlayer.local.template;

/** A call such as {@code !Ref X} or {@code Fn::Sub}, not yet resolved. */
record Intrinsic(String name, Object argument) {}
