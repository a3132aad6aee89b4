package io.vaultlayer.bench.cost;

import java.util.Arrays;
import java.util.Optional;

/** What is billed by its number; each has a line of its own in the table of prices. */
enum Line {
  API_REQUESTS("apiRequests"),
  EGRESS_BYTES("egressBytes"),
  INVOCATIONS("invocations"),
  COMPUTE_GB_SECONDS("computeGbSeconds"),
  WRITE_UNITS("writeUnits"),
  READ_UNITS("readUnits"),
  STORED_GB_MONTHS("storedGbMonths"),
  BACKUP_GB_MONTHS("backupGbMonths"),
  QUEUE_REQUESTS("queueRequests"),
  BUS_EVENTS("busEvents"),
  BUCKET_WRITES("bucketWrites"),
  BUCKET_READS("bucketReads"),
  LOG_BYTES("logBytes");

  final String id;

  Line(String id) {
    this.id = id;
  }

  static Optional<Line> of(String id) {
    return Arrays.stream(values()).filter(l -> l.id.equals(id)).findFirst();
  }
}
