package io.vaultlayer.core.planted;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/** One method for each way to read clock, chance or environment; the others are allowed. */
public final class ReadsEverything {
  Instant bannedInstant() {
    return Instant.now();
  }

  Supplier<Instant> bannedReference() {
    return Instant::now;
  }

  LocalDate bannedDate() {
    return LocalDate.now(ZoneOffset.UTC);
  }

  ZonedDateTime bannedZoned() {
    return ZonedDateTime.now();
  }

  InstantSource bannedSource() {
    return InstantSource.system();
  }

  Clock bannedClock() {
    return Clock.systemUTC();
  }

  long bannedMillis() {
    return System.currentTimeMillis();
  }

  long bannedNanos() {
    return System.nanoTime();
  }

  String bannedEnvironment() {
    return System.getenv("HOME");
  }

  String bannedProperty() {
    return System.getProperty("user.home");
  }

  boolean bannedFlag() {
    return Boolean.getBoolean("x");
  }

  double bannedMath() {
    return Math.random();
  }

  UUID bannedUuid() {
    return UUID.randomUUID();
  }

  int bannedThreadLocal() {
    return ThreadLocalRandom.current().nextInt();
  }

  SecureRandom bannedSecure() {
    return new SecureRandom();
  }

  Random bannedRandom() {
    return new Random();
  }

  Random allowedSeeded(long seed) {
    return new Random(seed);
  }

  Instant allowedGiven(InstantSource source) {
    return source.instant();
  }

  LocalDate allowedClock(Clock clock) {
    return LocalDate.now(clock);
  }
}
