package io.vaultlayer.agent.gate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A {@code .ckpt} of Lightning: one file of torch's, whose end its format tells. Other programs
 * name theirs so too; Lightning notes its version among the first keys.
 */
final class LightningLayout implements Layout {
  private static final String EXTENSION = ".ckpt";
  private static final String KEY = "pytorch-lightning_version";

  /** The keys before it are numbers; in a zip the pickle is the first entry. */
  private static final int HEAD_BYTES = 4 << 10;

  @Override
  public Finding look(String directory, Contents all, OptionalInt world) {
    return Finding.nothing();
  }

  @Override
  public Optional<String> framework(String directory, Contents all) throws IOException {
    for (Part part : all.in(directory).values()) {
      if (part.name().endsWith(EXTENSION)) {
        try (var in = Files.newInputStream(part.file())) {
          byte[] head = in.readNBytes(HEAD_BYTES);
          if (new String(head, StandardCharsets.ISO_8859_1).contains(KEY)) {
            return Optional.of("lightning");
          }
        }
      }
    }
    return Optional.empty();
  }
}
