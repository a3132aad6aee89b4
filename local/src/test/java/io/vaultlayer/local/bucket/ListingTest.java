package io.vaultlayer.local.bucket;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.model.S3Object;

/** A listing is in the order of keys, whatever files and directories they lie in. */
class ListingTest {
  @TempDir Path bucket;

  @Test
  void keysOfRandomTreesComeInOrderFromAnyPlaceAndUnderAnyPrefix() throws Exception {
    var random = new Random(7);
    var keys = new TreeSet<String>();
    var letters = "ab-.0/_Z";
    for (int i = 0; i < 400; i++) {
      var key = new StringBuilder();
      int length = 1 + random.nextInt(6);
      for (int c = 0; c < length; c++) {
        key.append(letters.charAt(random.nextInt(letters.length())));
      }
      var text = key.toString();
      if (!Keys.clean(text) || conflicts(keys, text)) {
        continue;
      }
      Files.createDirectories(bucket.resolve(text).getParent());
      Files.writeString(bucket.resolve(text), "x");
      keys.add(text);
    }
    assertThat(keys).hasSizeGreaterThan(80);
    for (int i = 0; i < 500; i++) {
      var prefix = i % 3 == 0 ? "" : cut(keys, random);
      var after = i % 2 == 0 ? "" : cut(keys, random);
      int most = 1 + random.nextInt(20);
      var wanted =
          keys.stream()
              .filter(k -> k.startsWith(prefix) && k.compareTo(after) > 0)
              .limit(most)
              .toList();
      assertThat(keys(prefix, after, most)).as(prefix + " after " + after).isEqualTo(wanted);
    }
  }

  @Test
  void whatTheServerKeepsForItselfIsNotListed() throws Exception {
    Files.createDirectories(bucket.resolve(".mpus-1/jobs"));
    Files.writeString(bucket.resolve(".mpus-1/jobs/part"), "x");
    Files.writeString(bucket.resolve(".s3proxy-mpu-stub-1"), "x");
    Files.writeString(bucket.resolve("a-0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"), "half");
    Files.writeString(bucket.resolve("a"), "whole");
    assertThat(keys("", "", 10)).containsExactly("a");
    assertThat(keys("nothing/here/", "", 10)).isEmpty();
  }

  /** A key that is another's directory cannot lie beside it on a file system. */
  private static boolean conflicts(TreeSet<String> keys, String key) {
    return keys.stream()
        .anyMatch(k -> k.startsWith(key + "/") || key.startsWith(k + "/") || k.equals(key));
  }

  private static String cut(TreeSet<String> keys, Random random) {
    var all = new ArrayList<>(keys);
    var key = all.get(random.nextInt(all.size()));
    return key.substring(0, 1 + random.nextInt(key.length()));
  }

  private List<String> keys(String prefix, String after, int most) throws Exception {
    return Listing.of(bucket, prefix, after, most).stream().map(S3Object::key).toList();
  }
}
