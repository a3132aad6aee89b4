package io.vaultlayer.local.function;

import io.vaultlayer.core.job.JobId;
import io.vaultlayer.core.port.Bucket;
import io.vaultlayer.core.port.Bus;
import io.vaultlayer.core.port.Item;
import io.vaultlayer.core.port.JobCredentials;
import io.vaultlayer.core.port.Key;
import io.vaultlayer.core.port.Page;
import io.vaultlayer.core.port.Queue;
import io.vaultlayer.core.port.Store;
import io.vaultlayer.core.port.Write;
import io.vaultlayer.core.port.WriteResult;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The ports as one function may use them: every call is the action that it is on AWS. */
final class GuardedPorts {
  private GuardedPorts() {}

  /**
   * @param arn from table name to ARN
   */
  static Store store(Store inner, Guard guard, UnaryOperator<String> arn) {
    return new Store() {
      @Override
      public Optional<Item> get(String table, Key key) {
        guard.check("dynamodb:GetItem", arn.apply(table));
        return inner.get(table, key);
      }

      @Override
      public WriteResult write(List<Write> writes) {
        for (var write : writes) {
          var action =
              switch (write) {
                case Write.Put put -> "dynamodb:PutItem";
                case Write.Delete delete -> "dynamodb:DeleteItem";
              };
          guard.check(action, arn.apply(write.table()));
        }
        return inner.write(writes);
      }

      @Override
      public Page query(
          String table,
          String partition,
          String sortPrefix,
          boolean descending,
          int limit,
          Optional<String> from) {
        guard.check("dynamodb:Query", arn.apply(table));
        return inner.query(table, partition, sortPrefix, descending, limit, from);
      }

      @Override
      public Page due(
          String table, String duePartition, Instant notAfter, int limit, Optional<String> from) {
        guard.check("dynamodb:Query", arn.apply(table) + "/index/due");
        return inner.due(table, duePartition, notAfter, limit, from);
      }

      @Override
      public Page scan(String table, int segment, int segments, int limit, Optional<String> from) {
        guard.check("dynamodb:Scan", arn.apply(table));
        return inner.scan(table, segment, segments, limit, from);
      }
    };
  }

  static Queue queue(Queue inner, Guard guard, String arn) {
    return (body, delay) -> {
      guard.check("sqs:SendMessage", arn);
      inner.send(body, delay);
    };
  }

  static Bus bus(Bus inner, Guard guard, String arn) {
    return (type, detail) -> {
      guard.check("events:PutEvents", arn);
      inner.publish(type, detail);
    };
  }

  /**
   * @param trusted whether the role lets this account in
   */
  static JobCredentials credentials(
      JobCredentials inner, Guard guard, String roleArn, boolean trusted) {
    return (JobId job, int epoch, Duration life) -> {
      guard.check("sts:AssumeRole", roleArn);
      if (!trusted) {
        guard.refuse("sts:AssumeRole", roleArn + " (the role's own trust policy)");
      }
      return inner.issue(job, epoch, life);
    };
  }

  static Bucket bucket(Bucket inner, Guard guard, String arn) {
    return new Bucket() {
      @Override
      public Optional<ObjectInfo> head(String key) {
        guard.check("s3:GetObject", arn + "/" + key);
        var found = inner.head(key);
        if (found.isEmpty()) {
          // S3 tells an absent object from a forbidden one only to those who may list.
          guard.check("s3:ListBucket", arn);
        }
        return found;
      }

      @Override
      public Optional<byte[]> read(String key, int mostBytes) {
        guard.check("s3:GetObject", arn + "/" + key);
        var found = inner.read(key, mostBytes);
        if (found.isEmpty()) {
          guard.check("s3:ListBucket", arn);
        }
        return found;
      }

      @Override
      public Optional<String> sha256(String key) {
        guard.check("s3:GetObject", arn + "/" + key);
        var found = inner.sha256(key);
        if (found.isEmpty()) {
          guard.check("s3:ListBucket", arn);
        }
        return found;
      }

      @Override
      public Listing list(String prefix, Optional<String> after, int limit) {
        guard.check("s3:ListBucket", arn);
        return inner.list(prefix, after, limit);
      }

      @Override
      public boolean putIfAbsent(String key, byte[] body) {
        guard.check("s3:PutObject", arn + "/" + key);
        return inner.putIfAbsent(key, body);
      }

      @Override
      public URI presignPut(String key, long bytes, Duration life) {
        guard.check("s3:PutObject", arn + "/" + key);
        return inner.presignPut(key, bytes, life);
      }

      @Override
      public URI presignGet(String key, Duration life) {
        guard.check("s3:GetObject", arn + "/" + key);
        return inner.presignGet(key, life);
      }

      @Override
      public void delete(List<String> keys) {
        keys.forEach(key -> guard.check("s3:DeleteObject", arn + "/" + key));
        inner.delete(keys);
      }
    };
  }
}
