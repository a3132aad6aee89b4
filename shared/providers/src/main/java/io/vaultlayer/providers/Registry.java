package io.vaultlayer.providers;

import java.util.List;
import java.util.Optional;

/**
 * Every provider that the product knows, and whether it may be used. Placement considers only the
 * validated ones; promotion is the edit of one line, after a green smoke row that the evidence then
 * names.
 */
public final class Registry {
  public static final String VALIDATED = "validated";
  public static final String PLANNED = "planned";

  /**
   * @param status {@value #VALIDATED} or {@value #PLANNED}
   * @param evidence what shows that it works; null while nothing does
   * @param reason why it may not be used yet; null when it may (the documents of the contract show
   *     null there)
   */
  public record Entry(String name, String status, String evidence, String reason) {
    public Entry {
      if (!status.equals(VALIDATED) && !status.equals(PLANNED)) {
        throw new IllegalArgumentException("status is validated or planned, not " + status);
      }
      if (status.equals(VALIDATED) ? evidence == null : reason == null) {
        throw new IllegalArgumentException(name + " needs evidence, or the reason why not");
      }
    }
  }

  private static final List<Entry> ENTRIES =
      List.of(
          validated("local", "LocalProviderTest: real processes listed, killed, terminated"),
          planned("vast"),
          planned("runpod"),
          planned("lambda"),
          planned("aws"),
          planned("gcp"),
          planned("azure"),
          planned("verda"),
          planned("hyperstack"),
          planned("digitalocean"),
          planned("crusoe"),
          planned("nebius"),
          planned("kubernetes"),
          planned("ssh"));

  private Registry() {}

  public static List<Entry> all() {
    return ENTRIES;
  }

  public static Optional<Entry> find(String name) {
    return ENTRIES.stream().filter(entry -> entry.name().equals(name)).findFirst();
  }

  private static Entry validated(String name, String evidence) {
    return new Entry(name, VALIDATED, evidence, null);
  }

  private static Entry planned(String name) {
    return new Entry(name, PLANNED, null, "adapter not built yet");
  }
}
