package io.vaultlayer.local.bucket;

/**
 * What one caller may do. Every method throws {@link Denied} or returns; {@code key} and {@code
 * prefix} come from the request and are not to be trusted.
 */
interface Access {
  void read(String bucket, String key);

  void write(String bucket, String key);

  void list(String bucket, String prefix);

  void delete(String bucket, String key);

  /** Buckets themselves, their settings, and everybody's uploads. */
  void administer();

  /**
   * An upload in parts that this caller began: parts, completion, abort and its hidden files.
   *
   * @param action what a policy calls it
   */
  void upload(String bucket, String uploadId, String key, String action);

  /** Remembers an upload as this caller's. */
  void began(String uploadId, String key);

  /**
   * The caller still is who he was when the request began; asked while and after a body streams.
   */
  void still();

  /** Nobody: what an unsigned request gets. */
  static Access nobody(String why) {
    return new Access() {
      @Override
      public void read(String bucket, String key) {
        throw Denied.because(why);
      }

      @Override
      public void write(String bucket, String key) {
        throw Denied.because(why);
      }

      @Override
      public void list(String bucket, String prefix) {
        throw Denied.because(why);
      }

      @Override
      public void delete(String bucket, String key) {
        throw Denied.because(why);
      }

      @Override
      public void administer() {
        throw Denied.because(why);
      }

      @Override
      public void upload(String bucket, String uploadId, String key, String action) {
        throw Denied.because(why);
      }

      @Override
      public void began(String uploadId, String key) {
        throw Denied.because(why);
      }

      @Override
      public void still() {
        throw Denied.because(why);
      }
    };
  }
}
