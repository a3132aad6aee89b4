package io.vaultlayer.cli.frame;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the program's own files are, as its launcher says.
 *
 * @param root the checkout: template, examples
 * @param dist one build's jars and caches; empty when the launcher was bypassed
 * @param java the java program that the plane is started with
 * @param accountHome the user's home directory as the user database has it; {@link Shell#userHome}
 *     is the one to use
 */
public record Installation(
    Optional<Path> root, Optional<Path> dist, Path java, Path template, String accountHome) {}
