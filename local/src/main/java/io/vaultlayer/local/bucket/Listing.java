package io.vaultlayer.local.bucket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.PriorityQueue;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * One page of a bucket's keys in order. The server's own listing looks into every file under the
 * prefix for each page; this one looks only into those that it returns, so that a checkpoint of
 * many files is listed in the time of its length and not of its square.
 */
final class Listing {
  private static final String ETAG = "content-md5";
  private static final List<String> HIDDEN = List.of(".mpus-", ".s3proxy-");
  private static final int DEEPEST = 64;

  private final Path bucket;
  private final String prefix;
  private final String after;
  private final int most;
  private final List<S3Object> found = new ArrayList<>();

  private Listing(Path bucket, String prefix, String after, int most) {
    this.bucket = bucket;
    this.prefix = prefix;
    this.after = after;
    this.most = most;
  }

  /**
   * @param after only keys greater than this; empty: from the start
   * @param most one more than a page holds tells whether there is another
   */
  static List<S3Object> of(Path bucket, String prefix, String after, int most) throws IOException {
    var listing = new Listing(bucket, prefix, after, most);
    int slash = prefix.lastIndexOf('/');
    var directory = slash < 0 ? "" : prefix.substring(0, slash + 1);
    listing.walk(directory, 0);
    return listing.found;
  }

  /**
   * @param directory key of a directory, ending in a slash; empty for the bucket itself
   */
  private void walk(String directory, int depth) throws IOException {
    if (depth > DEEPEST) {
      return;
    }
    var names = names(directory);
    while (found.size() < most && !names.isEmpty()) {
      var key = names.poll();
      if (key.endsWith("/")) {
        walk(key, depth + 1);
      } else if (Files.isDirectory(bucket.resolve(key), LinkOption.NOFOLLOW_LINKS)) {
        // Its keys begin with a slash more, so other names may come before them.
        names.add(key + "/");
      } else {
        add(key);
      }
    }
  }

  /** What may lie in this page, by name alone: only the names that are needed are looked into. */
  private PriorityQueue<String> names(String directory) throws IOException {
    var names = new ArrayList<String>();
    try (var entries = Files.newDirectoryStream(bucket.resolve(directory))) {
      for (var entry : entries) {
        var name = entry.getFileName().toString();
        if (HIDDEN.stream().noneMatch(name::startsWith) && mayLead(directory + name)) {
          names.add(directory + name);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // Nothing was ever written there, or it was deleted meanwhile.
    }
    return new PriorityQueue<>(names);
  }

  /**
   * Whether the file, or something under the directory, is under the prefix and after the start.
   */
  private boolean mayLead(String key) {
    boolean under = key.startsWith(prefix) || prefix.startsWith(key + "/");
    if (!under || after.isEmpty() || key.compareTo(after) > 0) {
      return under;
    }
    // A key that does not come after the start can only be the directory that holds it.
    return after.startsWith(key + "/") || (key + "/").compareTo(after) > 0;
  }

  private void add(String key) throws IOException {
    if (!key.startsWith(prefix) || key.compareTo(after) <= 0) {
      return;
    }
    try {
      var file = bucket.resolve(key);
      var attributes =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!attributes.isRegularFile()) {
        return;
      }
      var tag = tag(file);
      // A file without a tag whose name ends as unfinished ones do is one.
      if (tag == null && Keys.temporary(key)) {
        return;
      }
      found.add(
          S3Object.builder()
              .key(key)
              .eTag(tag)
              .size(attributes.size())
              .lastModified(attributes.lastModifiedTime().toInstant())
              .storageClass("STANDARD")
              .build());
    } catch (NoSuchFileException e) {
      // Deleted meanwhile.
    }
  }

  private static String tag(Path file) throws IOException {
    var view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    if (view == null) {
      return null;
    }
    ByteBuffer bytes;
    try {
      bytes = ByteBuffer.allocate(view.size(ETAG));
      view.read(ETAG, bytes);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (java.nio.file.FileSystemException e) {
      return null;
    }
    return bytes.capacity() == 16
        ? HexFormat.of().formatHex(bytes.array())
        : new String(bytes.array(), StandardCharsets.US_ASCII);
  }
}
