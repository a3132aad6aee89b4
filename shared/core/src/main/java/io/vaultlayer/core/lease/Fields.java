package io.vaultlayer.core.lease;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Reads and writes the attribute map of a stored row: JSON-like values, absent instead of null. */
public final class Fields {
  private final Map<String, Object> map;

  private Fields(Map<String, Object> map) {
    this.map = map;
  }

  public static Fields of(Map<String, Object> map) {
    return new Fields(map);
  }

  public static Fields fresh() {
    return new Fields(new LinkedHashMap<>());
  }

  public Map<String, Object> map() {
    return map;
  }

  public Fields put(String name, Object value) {
    map.put(name, value);
    return this;
  }

  public <T> Fields put(String name, Optional<T> value, Function<T, Object> render) {
    value.ifPresent(v -> map.put(name, render.apply(v)));
    return this;
  }

  public Fields put(String name, Optional<Instant> time) {
    return put(name, time, Instant::toString);
  }

  /** A time as milliseconds since 1970, exactly; one that is no whole number of them as text. */
  Fields putMillis(String name, Instant time) {
    var whole = time.getNano() % 1_000_000 == 0;
    return put(name, whole ? (Object) time.toEpochMilli() : time.toString());
  }

  Fields putMillis(String name, Optional<Instant> time) {
    time.ifPresent(t -> putMillis(name, t));
    return this;
  }

  /** Stored only when true. */
  Fields putTrue(String name, boolean value) {
    return value ? put(name, true) : this;
  }

  /** Stored only when it is not 0. */
  Fields putCount(String name, long value) {
    return value == 0 ? this : put(name, value);
  }

  /** Stored only when it holds something. */
  Fields putSome(String name, Map<String, Object> part) {
    return part.isEmpty() ? this : put(name, part);
  }

  /** Stored only when it holds something. */
  Fields putSome(String name, List<Map<String, Object>> parts) {
    return parts.isEmpty() ? this : put(name, parts);
  }

  public String text(String name) {
    return find(name, String.class).orElseThrow(() -> missing(name));
  }

  public Optional<String> maybeText(String name) {
    return find(name, String.class);
  }

  public long number(String name) {
    return maybeNumber(name).orElseThrow(() -> missing(name));
  }

  public int integer(String name) {
    return Math.toIntExact(number(name));
  }

  public Optional<Long> maybeNumber(String name) {
    return find(name, Number.class).map(Number::longValue);
  }

  public Optional<Integer> maybeInteger(String name) {
    return maybeNumber(name).map(Math::toIntExact);
  }

  public Optional<Double> maybeDecimal(String name) {
    return find(name, Number.class).map(Number::doubleValue);
  }

  public double decimal(String name) {
    return maybeDecimal(name).orElseThrow(() -> missing(name));
  }

  public boolean flag(String name) {
    return find(name, Boolean.class).orElse(false);
  }

  public Instant time(String name) {
    return Instant.parse(text(name));
  }

  public Optional<Instant> maybeTime(String name) {
    return maybeText(name).map(Instant::parse);
  }

  Instant millis(String name) {
    return maybeMillis(name).orElseThrow(() -> missing(name));
  }

  Optional<Instant> maybeMillis(String name) {
    return map.get(name) instanceof String
        ? maybeTime(name)
        : maybeNumber(name).map(Instant::ofEpochMilli);
  }

  /** 0 when absent. */
  int count(String name) {
    return maybeInteger(name).orElse(0);
  }

  public Optional<Fields> maybeFields(String name) {
    return find(name, Map.class).map(m -> of(cast(m)));
  }

  /** A part; one with nothing in it when absent. */
  Fields fields(String name) {
    return maybeFields(name).orElseGet(Fields::fresh);
  }

  /** Empty when absent. */
  public List<String> texts(String name) {
    return find(name, List.class)
        .map(l -> ((List<?>) l).stream().map(String::valueOf).toList())
        .orElse(List.of());
  }

  public List<Fields> list(String name) {
    return find(name, List.class)
        .map(l -> ((List<?>) l).stream().map(m -> of(cast((Map<?, ?>) m))).toList())
        .orElse(List.of());
  }

  private <T> Optional<T> find(String name, Class<T> type) {
    var value = map.get(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!type.isInstance(value)) {
      throw new IllegalStateException("stored field " + name + " is no " + type.getSimpleName());
    }
    return Optional.of(type.cast(value));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> cast(Map<?, ?> map) {
    return (Map<String, Object>) map;
  }

  static IllegalStateException missing(String name) {
    return new IllegalStateException("stored field " + name + " is missing");
  }
}
