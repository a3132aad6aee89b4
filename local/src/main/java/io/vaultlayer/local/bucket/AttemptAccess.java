package io.vaultlayer.local.bucket;

import io.vaultlayer.local.function.Permissions;
import io.vaultlayer.local.template.LocalNames;
import java.time.InstantSource;

/**
 * One attempt: writes under its own epoch's checkpoints, logs and outputs, reads and lists under
 * its job, deletes nothing; and only while its credentials last, its role allows it, and the stored
 * lease still is its own.
 */
final class AttemptAccess implements Access {
  private final AttemptIdentity who;
  private final Permissions role;
  private final AttemptLiveness liveness;
  private final Identities identities;
  private final InstantSource clock;

  AttemptAccess(
      AttemptIdentity who,
      Permissions role,
      AttemptLiveness liveness,
      Identities identities,
      InstantSource clock) {
    this.who = who;
    this.role = role;
    this.liveness = liveness;
    this.identities = identities;
    this.clock = clock;
  }

  @Override
  public void read(String bucket, String key) {
    own(bucket, "s3:GetObject", key);
    if (!Keys.readable(who.job().value(), key)) {
      throw Denied.because("an attempt reads under its own job only");
    }
  }

  @Override
  public void write(String bucket, String key) {
    write(bucket, key, "s3:PutObject");
  }

  private void write(String bucket, String key, String action) {
    own(bucket, action, key);
    if (!Keys.writable(who.job().value(), who.epoch(), key)) {
      throw Denied.because("an attempt writes under its own epoch only");
    }
  }

  @Override
  public void list(String bucket, String prefix) {
    still();
    if (!bucket.equals(who.bucket()) || !Keys.listable(who.job().value(), prefix)) {
      throw Denied.because("an attempt lists under its own job only");
    }
    if (!role.allows("s3:ListBucket", arn())) {
      throw Denied.because("the attempt's role does not allow s3:ListBucket");
    }
  }

  @Override
  public void delete(String bucket, String key) {
    throw Denied.because("an attempt deletes nothing");
  }

  @Override
  public void administer() {
    throw Denied.because("an attempt sees one bucket's objects only");
  }

  @Override
  public void upload(String bucket, String uploadId, String key, String action) {
    write(bucket, key, action);
    if (!identities.owns(uploadId, who.job(), who.epoch(), key)) {
      throw Denied.because("not an upload of this attempt");
    }
  }

  @Override
  public void began(String uploadId, String key) {
    identities.began(uploadId, who.job(), who.epoch(), key);
  }

  @Override
  public void still() {
    if (!clock.instant().isBefore(who.expiresAt())) {
      throw Denied.because("the credentials have expired");
    }
    if (!liveness.isLive(who.job(), who.epoch())) {
      throw Denied.because("the attempt is fenced: its epoch is over");
    }
  }

  private void own(String bucket, String action, String key) {
    still();
    if (!bucket.equals(who.bucket())) {
      throw Denied.because("another bucket");
    }
    if (!role.allows(action, arn() + "/" + key)) {
      throw Denied.because("the attempt's role does not allow " + action);
    }
  }

  private String arn() {
    return "arn:" + LocalNames.PARTITION + ":s3:::" + who.bucket();
  }
}
