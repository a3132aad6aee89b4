package io.vaultlayer.agent.s3;

import io.vaultlayer.agent.s3.Exchange.Request;
import io.vaultlayer.agent.s3.ObjectStore.Part;
import io.vaultlayer.agent.s3.ObjectStore.StoredPart;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads which parts an open upload has, page by page. */
final class PartsListing {
  /** A full one; some stores answer with all 10,000 at once. */
  private static final int MOST_ANSWER_BYTES = 4 << 20;

  /** Stores give 1,000 parts a page; a smaller page than 200 is none that we can go on with. */
  private static final int MOST_PAGES = 50;

  private PartsListing() {}

  static List<StoredPart> read(Tries tries, String key, String uploadId) throws StoreException {
    String doing = "listing the parts of " + key;
    var found = new ArrayList<StoredPart>();
    int after = 0;
    for (int page = 0; page < MOST_PAGES; page++) {
      Request request = Request.of("GET", key).query("uploadId", uploadId);
      if (after > 0) {
        request.query("part-number-marker", Integer.toString(after));
      }
      String xml =
          tries.run(
              doing, request, x -> new String(x.bytes(MOST_ANSWER_BYTES), StandardCharsets.UTF_8));
      if (!xml.contains("ListPartsResult")) {
        throw new StoreException.Refused(doing + ": the store lists no parts");
      }
      int last = after;
      for (String one : Xml.inner(xml, "Part", ObjectStore.MOST_PARTS)) {
        StoredPart part = part(doing, one);
        last = Math.max(last, part.part().number());
        found.add(part);
      }
      if (!Xml.text(xml, "IsTruncated").orElse("false").strip().equals("true")) {
        return List.copyOf(found);
      }
      if (last == after || found.size() > ObjectStore.MOST_PARTS) {
        break;
      }
      after = last;
    }
    throw new StoreException.Refused(doing + ": the list does not end");
  }

  private static StoredPart part(String doing, String xml) throws StoreException {
    try {
      int number = Integer.parseInt(Xml.text(xml, "PartNumber").orElse("").strip());
      long bytes = Long.parseLong(Xml.text(xml, "Size").orElse("").strip());
      String etag = Xml.text(xml, "ETag").orElse("");
      String crc32 = Xml.text(xml, "ChecksumCRC32").orElse("").strip();
      return new StoredPart(new Part(number, etag, crc32), bytes);
    } catch (NumberFormatException e) {
      throw new StoreException.Refused(doing + ": a part without a number or a size");
    }
  }
}
