package io.vaultlayer.agent.s3;

import io.vaultlayer.agent.s3.Exchange.Request;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Sends a request until there is a verdict: which answers are worth another try, and when. */
final class Tries {
  /**
   * How often and how far apart. Waits double from {@code first} to {@code longest}, each cut by
   * chance to between half and all of it.
   */
  record Pace(int most, Duration first, Duration longest) {}

  /**
   * About 12 s at most: longer outages belong to the caller, who knows what became obsolete
   * meanwhile; much shorter, and a store's ordinary slow-down answers end an upload.
   */
  static final Pace USUAL = new Pace(7, Duration.ofMillis(200), Duration.ofSeconds(5));

  private final Supplier<S3Credentials> source;
  private final Stop stop;
  private final Pace pace;
  private final LongSupplier epochSeconds;

  /** The store's clock minus ours, once the store complained; hosts for hire are often off. */
  private volatile long skewSeconds;

  Tries(Supplier<S3Credentials> source, Stop stop, Pace pace, LongSupplier epochSeconds) {
    this.source = source;
    this.stop = stop;
    this.pace = pace;
    this.epochSeconds = epochSeconds;
  }

  int most() {
    return pace.most();
  }

  <T> T run(String doing, Request request, Exchange.Reader<T> reader) throws StoreException {
    boolean askFirst = false;
    boolean adjusted = false;
    int renewals = 0;
    String trouble = "";
    IOException cause = null;
    for (int tried = 0; tried < pace.most(); tried++) {
      if (tried > 0) {
        pause(tried - 1);
      }
      S3Credentials credentials = source.get();
      try {
        Exchange exchange = Exchange.open(request, credentials, now(), askFirst, stop);
        if (exchange.status() / 100 == 2) {
          return read(exchange, reader);
        }
        String xml = exchange.error();
        String code = Xml.text(xml, "Code").orElse("");
        trouble = exchange.status() + (code.isEmpty() ? "" : " " + code);
        switch (exchange.status()) {
          case 401, 403 -> {
            if ("RequestTimeTooSkewed".equals(code) && !adjusted && exchange.date() > 0) {
              adjusted = true;
              skewSeconds = exchange.date() - epochSeconds.getAsLong();
            } else if (renewals++ > 1 || source.get().equals(credentials)) {
              throw new StoreException.AccessRefused(doing + ": refused, " + trouble);
            }
          }
          case 404 -> throw new StoreException.NotThere(doing + ": not there, " + trouble);
          case 412 -> throw new StoreException.AlreadyThere(doing + ": already there");
          case 416 -> throw new StoreException.WrongSize(doing + ": it ends before that");
          case 408, 409, 425, 429 -> {
            if (exchange.status() == 409 && !isPassing(code)) {
              throw new StoreException.Refused(doing + ": " + trouble);
            }
          }
          default -> {
            if (exchange.status() < 500 || exchange.status() == 501) {
              throw new StoreException.Refused(doing + ": " + trouble);
            }
          }
        }
      } catch (StoreException e) {
        throw e;
      } catch (IOException e) {
        stop.check();
        askFirst |= e instanceof Exchange.CutWhileSending;
        trouble = String.valueOf(e.getMessage());
        cause = e;
      }
    }
    throw new StoreException.Unreachable(
        doing + ": no good answer in " + pace.most() + " tries, last " + trouble, cause);
  }

  /** Waits before a try; {@code nth} from 0. */
  void pause(int nth) throws StoreException.Stopped {
    long longest = pace.longest().toMillis();
    long wait = Math.min(longest, pace.first().toMillis() << Math.min(nth, 16));
    stop.sleep(Duration.ofMillis(ThreadLocalRandom.current().nextLong(wait / 2, wait + 1)));
  }

  static StoreException asStoreException(String doing, IOException e) {
    return e instanceof StoreException known
        ? known
        : new StoreException.Unreachable(doing + ": " + e.getMessage(), e);
  }

  private static <T> T read(Exchange exchange, Exchange.Reader<T> reader) throws IOException {
    boolean whole = false;
    try {
      T result = reader.read(exchange);
      whole = true;
      return result;
    } finally {
      if (!whole) {
        exchange.cut();
      }
    }
  }

  /** S3 answers 409 both for lost races, which are to be tried again, and for real conflicts. */
  private static boolean isPassing(String code) {
    return code.equals("ConditionalRequestConflict") || code.equals("OperationAborted");
  }

  private long now() {
    return epochSeconds.getAsLong() + skewSeconds;
  }
}
