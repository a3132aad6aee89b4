package io.vaultlayer.agent.checkpoint;

import io.vaultlayer.agent.s3.Body;
import io.vaultlayer.agent.s3.ObjectStore;
import io.vaultlayer.agent.s3.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * One file on its way in parts. It outlives a failed try, and by its journal the agent: the next
 * one sends only the parts that did not arrive. The store's upload is opened with the first part
 * that has to be sent.
 */
final class PartUpload {
  /** A part that the store has, and what was in it. */
  private record Sent(ObjectStore.Part part, Digest.Part digest) {}

  private final Sender sender;
  private final Sender.Item item;
  private final String key;
  private final UploadJournal journal;
  private final Map<Integer, Sent> sent = new ConcurrentSkipListMap<>();
  private String id = "";
  private volatile int journaled;
  private volatile boolean spent;

  PartUpload(Sender sender, Sender.Item item, String key, UploadJournal journal) {
    this.sender = sender;
    this.item = item;
    this.key = key;
    this.journal = journal;
  }

  /**
   * An upload that an agent before us left open, with the parts of it that the store has: those
   * that it lists in the length, and with the checksum where it tells one, that they were sent in.
   * Empty when it is to be begun again: it was completed or dropped, it is cut in other parts, or
   * the store lists no part of it.
   *
   * @throws StoreException when the store cannot be asked now
   */
  static Optional<PartUpload> again(
      Sender sender, Sender.Item item, UploadJournal.Begun begun, UploadJournal journal)
      throws StoreException {
    UploadJournal.Opened opened = begun.upload();
    var upload = new PartUpload(sender, item, opened.key(), journal);
    upload.id = opened.id();
    upload.journaled = opened.number();
    try {
      if (opened.partBytes() == sender.partBytes(item.bytes())) {
        sender
            .store()
            .listParts(opened.key(), opened.id())
            .forEach(there -> upload.found(there, begun.sent().get(there.part().number())));
      }
    } catch (StoreException.NotThere e) {
      return Optional.empty();
    } catch (StoreException.Refused | StoreException.AccessRefused | StoreException.WrongSize e) {
      // It lists none to us, so nobody knows what is there.
    }
    if (!upload.sent.isEmpty()) {
      return Optional.of(upload);
    }
    // Some stores give an empty list for an upload that is no more: its file may be stored.
    upload.abandon();
    return Optional.empty();
  }

  private void found(ObjectStore.StoredPart there, Digest.Part digest) {
    if (digest != null && there.fits(digest.bytes(), digest.crc32())) {
      accepted(there.part().number(), there.part(), digest);
    }
  }

  String key() {
    return key;
  }

  /** Whether the store has this part already. */
  boolean has(int number, Digest.Part digest) {
    Sent there = sent.get(number);
    return there != null && there.digest().equals(digest);
  }

  void send(int number, ByteBuffer content, Digest.Part digest) throws IOException {
    var body = Body.of(content, digest.crc32());
    String upload = open();
    journal.sending(journaled, number, digest);
    accepted(number, sender.store().uploadPart(key, upload, number, body), digest);
  }

  /**
   * @throws StoreException.Unreachable when the store copies nothing: the part has to be sent
   */
  void copy(int number, long at, Digest.Part digest, Known.Parts from) throws IOException {
    String upload = open();
    journal.sending(journaled, number, digest);
    boolean credentialsHold = false;
    while (true) {
      try {
        long bytes = digest.bytes();
        accepted(
            number,
            sender.store().copyPart(key, upload, number, from.key(), at, bytes, digest.crc32()),
            digest);
        return;
      } catch (StoreException.AccessRefused e) {
        if (credentialsHold) {
          throw copiesNoMore(from, e);
        }
        sender.store().head(key); // refused too when it is the credentials' fault, not the copy's
        credentialsHold = true; // and once more, with those: they may be newer than the copy's were
      } catch (StoreException.Refused | StoreException.WrongSize | StoreException.NotThere e) {
        throw copiesNoMore(from, e);
      }
    }
  }

  private StoreException copiesNoMore(Known.Parts from, StoreException why) {
    sender.copyNoMore(from.key(), key);
    return new StoreException.Unreachable(
        "the store copies no parts from there: " + why.getMessage(), why);
  }

  private void accepted(int number, ObjectStore.Part part, Digest.Part digest) {
    sent.put(number, new Sent(part, digest));
  }

  /**
   * Makes the parts one object.
   *
   * @throws StoreException.AlreadyThere when the key was taken meanwhile by other bytes
   * @throws StoreException.NotThere when the upload is gone; it has to be begun again
   */
  void complete(Digest.Whole digest) throws IOException {
    Sender.unchanged(item);
    List<ObjectStore.Part> parts =
        sent.entrySet().stream()
            .filter(one -> one.getKey() <= digest.parts().size())
            .map(one -> one.getValue().part())
            .toList();
    try {
      sender.store().completeMultipart(key, open(), parts, true);
    } catch (StoreException.AlreadyThere | StoreException.NotThere e) {
      if (!sender.holds(key, item.bytes(), digest.sha256())) {
        abandon();
        spent = e instanceof StoreException.AlreadyThere;
        throw e;
      }
    } catch (StoreException.Refused e) {
      abandon();
      if (parts.stream().allMatch(part -> part.crc32().isEmpty())) {
        throw e;
      }
      throw new StoreException.Unreachable("begun again without checksums: " + e.getMessage(), e);
    }
  }

  /** Its key is taken by other bytes. */
  boolean isSpent() {
    return spent;
  }

  /** Drops what the store has of it; it may be begun again. */
  synchronized void abandon() {
    if (id.isEmpty()) {
      return;
    }
    try {
      sender.store().abortMultipart(key, id);
    } catch (StoreException e) {
      // The bucket's life-cycle rule drops it.
    }
    id = "";
    sent.clear();
  }

  private synchronized String open() throws StoreException {
    if (id.isEmpty()) {
      id = sender.store().createMultipart(key);
      journaled = journal.opened(item.path(), key, id, sender.partBytes(item.bytes()));
    }
    return id;
  }
}
