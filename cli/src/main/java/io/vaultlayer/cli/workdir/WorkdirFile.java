package io.vaultlayer.cli.workdir;

import java.nio.file.Path;
import java.util.Optional;

/**
 * One thing to pack.
 *
 * @param name relative to the work directory, separated by slashes; a directory's ends in one
 * @param mode permission bits, such as 0644
 * @param linkTarget of a symbolic link, relative to the link's directory
 */
record WorkdirFile(String name, Path path, int mode, long bytes, Optional<String> linkTarget) {
  boolean isDirectory() {
    return name.endsWith("/");
  }
}
