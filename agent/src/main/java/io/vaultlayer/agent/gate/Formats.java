package io.vaultlayer.agent.gate;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Checks of files that state their own extent, by name and by first bytes. */
public final class Formats {
  private static final int HEAD = 64;
  private static final int BLOCK = 4 << 10;

  private static final List<String> ZIPS = List.of(".zip", ".npz", ".keras");
  private static final List<String> TORCH = List.of(".pt", ".pth", ".ckpt", ".bin", ".pkl");

  /** Named as only weights are; zeros in place of their beginning mean that nothing was written. */
  private static final List<String> NEVER_ZERO = List.of(".pt", ".pth", ".ckpt");

  private static final List<String> PICKLES = List.of(".pkl", ".pickle", ".pt", ".pth", ".ckpt");
  private static final List<String> JSON_NAMES =
      List.of(OrbaxLayout.METADATA, "_METADATA", OrbaxLayout.ARRAY);

  private Formats() {}

  private enum Kind {
    ZIP,
    TORCH_ZIP,
    SAFETENSORS,
    JSON,
    TRAINER_STATE,
    MSGPACK,
    PICKLE,
    NUMPY,
    OCDBT,
    CUT,
    UNKNOWN
  }

  /** What is wrong with a file, if its kind is known and something is; in words for the user. */
  public static Optional<String> problem(Part part) throws IOException {
    return switch (kind(part)) {
      case ZIP -> ZipFormat.problem(part.file(), false);
      case TORCH_ZIP -> ZipFormat.problem(part.file(), true);
      case SAFETENSORS -> SafetensorsFormat.problem(part.file());
      case JSON -> JsonText.problem(part);
      case TRAINER_STATE -> JsonText.problem(part).or(() -> spoilt(part));
      case MSGPACK -> MsgpackFormat.problem(part.file());
      case PICKLE -> PickleFormat.problem(part.file());
      case NUMPY -> NumpyFormat.problem(part.file());
      case OCDBT -> OcdbtFormat.problem(part.file());
      case CUT -> Optional.of(part.bytes() == 0 ? "it is empty" : "it was not written to its end");
      case UNKNOWN -> Optional.empty();
    };
  }

  /**
   * True when the file's own format shows that it was written to its end: a zip's directory stands
   * there, a msgpack document and an array tell their length.
   */
  public static boolean provesEnd(Part part) throws IOException {
    return switch (kind(part)) {
      case ZIP, TORCH_ZIP, MSGPACK, OCDBT -> problem(part).isEmpty();
      case SAFETENSORS -> problem(part).isEmpty() && !SafetensorsFormat.endsInZeros(part.file());
      case JSON, TRAINER_STATE, PICKLE, NUMPY, CUT, UNKNOWN -> false;
    };
  }

  private static Kind kind(Part part) throws IOException {
    String small = part.name().toLowerCase(Locale.ROOT);
    if (small.endsWith(".safetensors")) {
      return Kind.SAFETENSORS;
    }
    if (part.name().equals(TrainerLayout.STATE)) {
      return Kind.TRAINER_STATE;
    }
    if (small.endsWith(".json") || JSON_NAMES.contains(part.name())) {
      return Kind.JSON;
    }
    if (part.name().equals(OrbaxLayout.MANIFEST)) {
      return Kind.OCDBT;
    }
    if (small.endsWith(".msgpack")) {
      return Kind.MSGPACK;
    }
    if (ends(small, ZIPS)) {
      return Kind.ZIP;
    }
    boolean torch = ends(small, TORCH);
    boolean pickle = ends(small, PICKLES);
    boolean flax =
        FlaxLayout.FILE.matcher(part.name()).matches() || part.name().equals(OrbaxLayout.TREE);
    boolean numpy = small.endsWith(".npy");
    if (!torch && !pickle && !flax && !numpy) {
      return Kind.UNKNOWN;
    }
    byte[] head = head(part);
    if ((torch || pickle) && isOnlyABeginning(head)) {
      return Kind.CUT;
    }
    if (ZipFormat.begins(head)) {
      return torch ? Kind.TORCH_ZIP : Kind.ZIP;
    }
    if (numpy) {
      return NumpyFormat.begins(head) || head.length < 6 ? Kind.NUMPY : Kind.UNKNOWN;
    }
    if (flax) {
      return MsgpackFormat.begins(head) ? Kind.MSGPACK : Kind.UNKNOWN;
    }
    if (pickle && PickleFormat.begins(head)) {
      return Kind.PICKLE;
    }
    return ends(small, NEVER_ZERO) && isOnlyZeros(part) ? Kind.CUT : Kind.UNKNOWN;
  }

  private static Optional<String> spoilt(Part part) {
    try {
      return TrainerState.problemOf(part);
    } catch (IOException e) {
      return Optional.of("it could not be read: " + e.getMessage());
    }
  }

  /** Nothing, or the first of the bytes by which a zip or a pickle would be known. */
  private static boolean isOnlyABeginning(byte[] head) {
    byte[] zip = {'P', 'K', 3, 4};
    boolean pickle = head.length == 1 && (head[0] & 0xff) == 0x80;
    return pickle
        || head.length < zip.length && Arrays.equals(head, Arrays.copyOf(zip, head.length));
  }

  private static boolean isOnlyZeros(Part part) throws IOException {
    try (var in = new Window(part.file())) {
      int block = (int) Math.min(BLOCK, in.size());
      return SafetensorsFormat.isZero(in.piece(0, block))
          && SafetensorsFormat.isZero(in.piece(in.size() - block, block));
    } catch (EOFException e) {
      return false; // it has become shorter meanwhile, which the comparison of its state tells
    }
  }

  /** Its first bytes; fewer where it has no more. */
  static byte[] head(Part part) throws IOException {
    try (var in = Files.newInputStream(part.file())) {
      return in.readNBytes(HEAD);
    }
  }

  private static boolean ends(String name, List<String> extensions) {
    return extensions.stream().anyMatch(name::endsWith);
  }
}
