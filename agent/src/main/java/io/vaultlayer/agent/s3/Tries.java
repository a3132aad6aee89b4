package io.vaultlayer.agent.s3;

import io.vaultlayer.agent.s3.Exchange.Request;
import io.vaultlayer.wire.AttemptApi.S3Credentials;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/** Sends a request until there is a verdict: which answers are worth another try, and when. */
final class Tries {
  /**
   * How often and how far apart. Waits double from {@code first} to {@code longest}, each cut by
   * chance to between half and all of it.
   *
   * @param silence of a store that is still waited for, while it takes and while it gives
   */
  record Pace(int most, Duration first, Duration longest, Duration silence) {}

  /** Completing a large upload takes a store long. */
  private static final Duration SILENCE = Duration.ofSeconds(60);

  /**
   * About 12 s at most: longer outages belong to the caller, who knows what became obsolete
   * meanwhile; much shorter, and a store's ordinary slow-down answers end an upload.
   */
  static final Pace USUAL = new Pace(7, Duration.ofMillis(200), Duration.ofSeconds(5), SILENCE);

  private static final int CUTS_BEFORE_ASKING = 2;

  /** S3 says of a token that is over 400, not 403; so does R2 of what it calls a request. */
  private static final Set<String> TOKEN_TROUBLE =
      Set.of("ExpiredToken", "ExpiredRequest", "InvalidToken", "TokenRefreshRequired");

  /** What arrived is not what was sent. */
  private static final Set<String> DAMAGED = Set.of("BadDigest", "XAmzContentChecksumMismatch");

  private final CredentialSource source;
  private final Stop stop;
  private final Pace pace;
  private final LongSupplier epochSeconds;
  private final Exchange.Line line;

  /** The store's clock minus ours, once the store complained; hosts for hire are often off. */
  private volatile long skewSeconds;

  Tries(
      CredentialSource source, Stop stop, Pace pace, LongSupplier epochSeconds, Throttle throttle) {
    this.line = new Exchange.Line(new Wires(stop, pace.silence()), throttle, stop);
    this.source = source;
    this.stop = stop;
    this.pace = pace;
    this.epochSeconds = epochSeconds;
  }

  int most() {
    return pace.most();
  }

  /** A request that names its bucket in a header. */
  interface InBucket {
    Request in(String bucket);
  }

  <T> T run(String doing, InBucket request, Exchange.Reader<T> reader) throws StoreException {
    return run(doing, request.in(source.current().bucket()), reader);
  }

  <T> T run(String doing, Request request, Exchange.Reader<T> reader) throws StoreException {
    var course = new Course(doing);
    for (int tried = 0; tried < pace.most(); tried++) {
      if (tried > 0) {
        pause(tried - 1);
      }
      S3Credentials credentials = source.current();
      try {
        Exchange exchange = Exchange.open(request, credentials, now(), line);
        if (exchange.status() / 100 == 2) {
          return read(exchange, reader);
        }
        if (exchange.status() == 400 && request.method().equals("HEAD")) {
          // The reason would stand in the body, which such an answer has not.
          exchange.finish();
          course.trouble = "400";
          ask(request.key(), credentials, course);
        } else {
          judge(exchange, credentials, course);
        }
      } catch (StoreException e) {
        throw e;
      } catch (Exchange.CutWhileSending e) {
        stop.check();
        course.failed(e);
        if (++course.cuts == CUTS_BEFORE_ASKING) {
          ask(request.key(), credentials, course);
        }
      } catch (IOException e) {
        stop.check();
        course.failed(e);
      }
    }
    throw new StoreException.Unreachable(
        doing + ": no good answer in " + pace.most() + " tries, last " + course.trouble,
        course.cause);
  }

  /** What happened to one request so far. */
  private static final class Course {
    final String doing;
    boolean adjusted;
    int renewals;
    int cuts;
    String trouble = "";
    IOException cause;

    Course(String doing) {
      this.doing = doing;
    }

    void failed(IOException e) {
      trouble = String.valueOf(e.getMessage());
      cause = e;
    }
  }

  /** Returns when an answer that was not good is worth another try, else throws what it means. */
  private void judge(Exchange exchange, S3Credentials credentials, Course course)
      throws StoreException {
    String code = Xml.text(exchange.error(), "Code").orElse("");
    exchange.finish();
    int status = exchange.status();
    course.trouble = status + (code.isEmpty() ? "" : " " + code);
    String what = course.doing + ": " + course.trouble;
    switch (status) {
      case 401, 403 -> refused(exchange, code, credentials, course);
      case 404 -> throw new StoreException.NotThere(what);
      case 412 -> throw new StoreException.AlreadyThere(what);
      case 416 -> throw new StoreException.WrongSize(what);
      case 408, 425, 429 -> {}
      case 409 -> {
        // S3 answers so both for lost races, which are to be tried again, and for real conflicts.
        if (!code.equals("ConditionalRequestConflict") && !code.equals("OperationAborted")) {
          throw new StoreException.Refused(what);
        }
      }
      case 400 -> {
        if (TOKEN_TROUBLE.contains(code)) {
          refused(exchange, code, credentials, course);
        } else if (!DAMAGED.contains(code)) {
          throw new StoreException.Refused(what);
        }
      }
      default -> {
        if (status < 500 || status == 501) {
          throw new StoreException.Refused(what, status == 501);
        }
      }
    }
  }

  private void refused(Exchange exchange, String code, S3Credentials credentials, Course course)
      throws StoreException.AccessRefused {
    if (code.equals("RequestTimeTooSkewed") && !course.adjusted && exchange.date() > 0) {
      course.adjusted = true;
      skewSeconds = exchange.date() - epochSeconds.getAsLong();
    } else if (course.renewals++ > 1 || source.current().equals(credentials)) {
      source.refused(credentials);
      throw new StoreException.AccessRefused(course.doing + ": " + course.trouble);
    }
  }

  /**
   * A server that refuses a large body without reading it resets the connection, and its reason is
   * lost with it. Reading one byte under the same credentials tells whether that was it.
   */
  private void ask(String key, S3Credentials credentials, Course course) throws StoreException {
    try {
      Request request = Request.of("GET", key).header("range", "bytes=0-0");
      Exchange exchange = Exchange.open(request, credentials, now(), line);
      if (exchange.status() == 400 || exchange.status() == 401 || exchange.status() == 403) {
        judge(exchange, credentials, course);
      } else {
        exchange.cut();
      }
    } catch (StoreException e) {
      throw e;
    } catch (IOException e) {
      course.failed(e);
    }
  }

  /** Waits before a try; {@code nth} from 0. */
  void pause(int nth) throws StoreException.Stopped {
    long longest = pace.longest().toMillis();
    long wait = Math.min(longest, pace.first().toMillis() << Math.min(nth, 16));
    stop.sleep(Duration.ofMillis(ThreadLocalRandom.current().nextLong(wait / 2, wait + 1)));
  }

  private static <T> T read(Exchange exchange, Exchange.Reader<T> reader) throws IOException {
    boolean whole = false;
    try {
      T result = reader.read(exchange);
      whole = true;
      return result;
    } finally {
      if (whole) {
        exchange.finish();
      } else {
        exchange.cut();
      }
    }
  }

  private long now() {
    return epochSeconds.getAsLong() + skewSeconds;
  }
}
