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

  public Optional<Fields> maybeFields(String name) {
    return find(name, Map.class).map(m -> of(cast(m)));
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

  private static IllegalStateException missing(String name) {
    return new IllegalStateException("stored field " + name + " is missing");
  }
}
