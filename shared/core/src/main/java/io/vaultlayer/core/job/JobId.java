package io.vaultlayer.core.job;

/**
 * A job's id, the same for ever: {@code job_} and 26 characters of Crockford base 32 that sort by
 * time of creation.
 */
public record JobId(String value) implements Comparable<JobId> {
  private static final String PREFIX = "job_";
  private static final int LENGTH = PREFIX.length() + 26;
  private static final String DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

  public JobId {
    if (!looksLike(value)) {
      throw new IllegalArgumentException(
          "a job id is job_ and 26 characters of 0-9 and a-z without i, l, o, u");
    }
  }

  /** True when the text has a job id's shape. */
  public static boolean looksLike(String text) {
    if (text == null || text.length() != LENGTH || !text.startsWith(PREFIX)) {
      return false;
    }
    for (int i = PREFIX.length(); i < LENGTH; i++) {
      if (DIGITS.indexOf(text.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * @param epochMillis time of creation
   * @param random 10 random bytes
   */
  public static JobId make(long epochMillis, byte[] random) {
    if (random.length != 10) {
      throw new IllegalArgumentException("a job id takes 10 random bytes");
    }
    var text = new StringBuilder(PREFIX);
    for (int shift = 45; shift >= 0; shift -= 5) {
      text.append(DIGITS.charAt((int) (epochMillis >>> shift & 31)));
    }
    long high = 0;
    long low = 0;
    for (int i = 0; i < 5; i++) {
      high = high << 8 | random[i] & 0xff;
      low = low << 8 | random[i + 5] & 0xff;
    }
    for (int shift = 35; shift >= 0; shift -= 5) {
      text.append(DIGITS.charAt((int) (high >>> shift & 31)));
    }
    for (int shift = 35; shift >= 0; shift -= 5) {
      text.append(DIGITS.charAt((int) (low >>> shift & 31)));
    }
    return new JobId(text.toString());
  }

  @Override
  public int compareTo(JobId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
