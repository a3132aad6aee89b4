package io.vaultlayer.core.retain;

/**
 * What a user wants kept.
 *
 * @param last the newest so many commits, at least {@value #LEAST_LAST}
 * @param every besides them every so manieth commit of the job; 0: none
 */
public record Keep(int last, int every) {
  /** One that turns out damaged leaves one. */
  public static final int LEAST_LAST = 2;

  public static final int MOST = 10_000;

  /** The newest seven are those to which a damaged one can step back; every tenth is for people. */
  public static final Keep USUAL = new Keep(7, 10);

  public Keep {
    if (last < LEAST_LAST || last > MOST || every < 0 || every > MOST) {
      throw new IllegalArgumentException(
          "keep the last " + LEAST_LAST + " to " + MOST + ", and every 0 to " + MOST + "th");
    }
  }
}
